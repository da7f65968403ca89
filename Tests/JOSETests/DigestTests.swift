import JOSE
import Testing

@Suite("Digests, keyed hashes and random bytes")
struct DigestTests {
    @Test func `FIPS 180-4 SHA-256 of abc and of nothing`() {
        #expect(Digest.sha256("abc").base64URL == "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0")
        #expect(Digest.sha256([UInt8]()).base64URL == "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU")
    }

    @Test func `a stored digest has 32 bytes and equals the computed one`() {
        let digest = Digest.sha256("token")
        #expect(Digest(bytes: digest.bytes) == digest)
        #expect(Digest(bytes: Array(digest.bytes.dropLast())) == nil)
    }

    @Test func `RFC 4231 §4.7 the sixth case, also in parts`() {
        let key = [UInt8](repeating: 0xAA, count: 131)
        let message = Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)
        let expected = "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        #expect(hex(HMAC.sha256(key: key, message)) == expected)
        #expect(hex(HMAC.sha256(key: key, Array(message[..<10]), [], Array(message[10...]))) == expected)
    }

    @Test func `a key under 32 bytes stops the program`() async {
        await #expect(processExitsWith: .failure) { _ = HMAC.sha256(key: [UInt8](repeating: 1, count: 31), []) }
    }

    @Test func `two random tokens differ and carry 32 bytes`() {
        #expect(Random.token() != Random.token())
        #expect(Base64URL.decode(Random.token())?.count == 32)
    }

    @Test func `constant-time equality is equality`() {
        #expect(ConstantTime.equal([1, 2, 3], [1, 2, 3]))
        #expect(ConstantTime.equal([], []))
        #expect(!ConstantTime.equal([1, 2, 3], [1, 2, 4]))
        #expect(!ConstantTime.equal([1, 2, 3], [1, 2]))
    }
}

func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
}
