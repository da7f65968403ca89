import JOSE
import Testing

@Suite("RFC 4648 base64url, as RFC 7515 §2 uses it")
struct Base64URLTests {
    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
        ("foobar", "Zm9vYmFy"),
    ])
    func `RFC 4648 §10 vectors, without padding`(plain: String, encoded: String) {
        #expect(Base64URL.encode(Array(plain.utf8)) == encoded)
        #expect(Base64URL.decode(encoded) == Array(plain.utf8))
    }

    @Test func `RFC 7515 appendix C uses the URL-safe letters`() {
        #expect(Base64URL.encode([3, 236, 255, 224, 193]) == "A-z_4ME")
        #expect(Base64URL.decode("A-z_4ME") == [3, 236, 255, 224, 193])
    }

    @Test(arguments: ["Zg==", "Z", "Zh", "Zm9", "Zm 8", "Zm8\n", "A+z/4ME", "Zm8=", "Zé8A", "Zm9vYg\0"])
    func `refuses every spelling but the canonical one`(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test func `what decodes encodes to the same text, for every text of three letters`() {
        let letters = (UInt8(0x20)...0x7E).map { Character(Unicode.Scalar($0)) }
        for a in ["A", "_", "8"] {
            for b in letters {
                for c in letters {
                    let text = a + String([b, c])
                    if let bytes = Base64URL.decode(text) { #expect(Base64URL.encode(bytes) == text) }
                }
            }
        }
    }

    @Test func `random bytes of every length come back`() {
        for count in 0..<70 {
            let bytes = Random.bytes(count)
            #expect(bytes.count == count)
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
            #expect(Base64URL.decode(Base64URL.encode(bytes)[...]) == bytes)
        }
    }
}
