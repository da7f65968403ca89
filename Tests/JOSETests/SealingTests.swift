import JOSE
import Testing

@Suite("Sealing with AES-256-GCM, NIST SP 800-38D")
struct SealingTests {
    private let key = NamedKey.generate()
    private let plain = Array("an upstream token".utf8)

    private func open(_ sealed: [UInt8], context: String = "row 1") -> [UInt8]? {
        Sealing.open(sealed, keys: { $0 == key.id ? key : nil }, context: context)
    }

    @Test func `sealed values open, empty ones included, and no two are equal`() throws {
        let sealed = try Sealing.seal(plain, key: key, context: "row 1")
        #expect(open(sealed) == plain)
        #expect(try open(Sealing.seal([], key: key, context: "row 1")) == [])
        #expect(try Sealing.seal(plain, key: key, context: "row 1") != sealed)
        #expect(sealed.count == 1 + key.id.utf8.count + 16 + 12 + plain.count + 16)
    }

    @Test func `every flipped bit is refused`() throws {
        let sealed = try Sealing.seal(plain, key: key, context: "row 1")
        for index in sealed.indices {
            for bit in 0..<8 {
                var flipped = sealed
                flipped[index] ^= 1 << bit
                // Whatever name the value gives, it is handed the right key: the name is authenticated too.
                #expect(Sealing.open(flipped, keys: { _ in key }, context: "row 1") == nil)
            }
        }
    }

    @Test func `every truncation and a shortened tag are refused`() throws {
        let sealed = try Sealing.seal(plain, key: key, context: "row 1")
        for count in sealed.indices {
            #expect(open(Array(sealed.prefix(count))) == nil)
            #expect(open(Array(sealed.suffix(count))) == nil)
        }
        #expect(open(sealed + [0]) == nil)
        #expect(try open(Array(Sealing.seal([], key: key, context: "row 1").dropLast(4))) == nil)
    }

    @Test func `a value does not open in another context, under another key or an unknown one`() throws {
        let sealed = try Sealing.seal(plain, key: key, context: "row 1")
        for context in ["", "row 2", "row 1 ", "row"] { #expect(open(sealed, context: context) == nil) }
        let other = try #require(NamedKey(id: key.id, bytes: Random.bytes(32)))
        #expect(Sealing.open(sealed, keys: { _ in other }, context: "row 1") == nil)
        #expect(Sealing.open(sealed, keys: { _ in nil }, context: "row 1") == nil)
        var asked: [String] = []
        _ = Sealing.open(
            sealed,
            keys: { id in
                asked.append(id)
                return nil
            }, context: "row 1")
        #expect(asked == [key.id])
    }

    @Test func `a key has 32 bytes and a name`() {
        for count in [0, 16, 31, 33, 64] {
            #expect(NamedKey(id: "a", bytes: [UInt8](repeating: 1, count: count)) == nil)
        }
        #expect(NamedKey(id: "", bytes: [UInt8](repeating: 1, count: 32)) == nil)
        #expect(NamedKey(id: "a", bytes: [UInt8](repeating: 1, count: 32))?.bytes.count == 32)
    }

    @Test func `a key is not printed`() throws {
        let key = try #require(NamedKey(id: "a", bytes: [UInt8](repeating: 111, count: 32)))
        var dumped = ""
        dump(key, to: &dumped)
        for text in ["\(key)", String(reflecting: key), dumped] {
            #expect(!text.contains("bytes") && !text.contains("111, 111"))
        }
    }

    @Test func `more than 16 MiB is refused`() {
        #expect(throws: SealingError.tooLarge) {
            try Sealing.seal([UInt8](repeating: 0, count: 16 << 20 + 1), key: key, context: "")
        }
    }
}
