import Foundation
import JOSE
import Testing

@Suite("RFC 4648 base64, strict")
struct Base64Tests {
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func `RFC 4648 §10 vectors`(plain: String, encoded: String) {
        #expect(Base64.encode(plain.utf8) == encoded)
        #expect(Base64.decode(encoded) == Array(plain.utf8))
        let unpadded = encoded.replacing("=", with: "")
        #expect(Base64.encode(plain.utf8, padded: false) == unpadded)
        #expect(Base64.decode(unpadded, padded: false) == Array(plain.utf8))
    }

    @Test(arguments: [
        "Zg", "Zg=", "Zg===", "Zg==Zg==", "Zh==", "Zm9=", "Z===", "====", "Zm8=\n", "Zm 8", " Zm8", "A-z_", "Zm9v====",
        "Zé8",
        "Zm=v", "=Zm8",
    ])
    func `Every spelling but the canonical one is refused`(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test(arguments: ["Zg==", "Zm8=", "Zh", "A-z_4ME", "Z"])
    func `A notation without padding refuses padding, the other alphabet and spare bits`(text: String) {
        #expect(Base64.decode(text, padded: false) == nil)
    }

    @Test func `Both directions agree with Foundation for random bytes of every length`() {
        for count in 0..<70 {
            let bytes = Random.bytes(count)
            let text = Data(bytes).base64EncodedString()
            #expect(Base64.encode(bytes) == text)
            #expect(Base64.decode(text) == bytes)
        }
    }
}
