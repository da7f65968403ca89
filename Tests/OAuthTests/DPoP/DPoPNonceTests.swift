import JOSE
import OAuth
import Testing

@Suite("RFC 9449 §8 nonces")
struct DPoPNonceTests {
    private let start = Timestamp(seconds: 1_800_000_000)
    private let nonces = DPoPNonces(key: Random.bytes(32))

    @Test func `a nonce is accepted in its period and in the next one`() {
        let nonce = nonces.current(at: start)
        #expect(nonces.current(at: start + 299) == nonce && nonces.current(at: start + 300) != nonce)
        for (offset, isGood) in [(-1, false), (0, true), (299, true), (599, true), (600, false)] as [(Int64, Bool)] {
            #expect(nonces.accepts(nonce, at: start + offset) == isGood, "\(offset)")
        }
    }

    @Test func `nobody without the key makes a nonce, and none of another server is accepted`() {
        let nonce = nonces.current(at: start)
        #expect(!DPoPNonces(key: Random.bytes(32)).accepts(nonce, at: start))
        let bytes = Array(nonce.utf8)
        for index in bytes.indices {
            var changed = bytes
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(!nonces.accepts(String(decoding: changed, as: UTF8.self), at: start), "\(index)")
        }
        for other in ["", nonce + "A", String(nonce.dropLast()), "=" + nonce] {
            #expect(!nonces.accepts(other, at: start))
        }
        #expect(nonce.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "it is the value of a header")
    }
}
