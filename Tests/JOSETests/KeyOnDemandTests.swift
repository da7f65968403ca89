import JOSE
import Testing

@Suite("The key that is made when it is needed")
struct KeyOnDemandTests {
    private let directory: TemporaryDirectory
    private let start: Int64 = 1_790_000_000

    init() throws { directory = try TemporaryDirectory() }

    private func open() throws -> KeyRing {
        try KeyRing.open(directory: directory.keys, now: start, createIfEmpty: true)
    }

    @Test func `a folder without a key of assertions is complete, and publishes none`() throws {
        for _ in 0..<2 {
            let ring = try open()
            #expect(ring.signingIfAny(.assertions, at: start) == nil)
            #expect(ring.published(.assertions, at: start).keys.isEmpty && ring.published(at: start).keys.count == 2)
        }
    }

    @Test func `the key is made once, is active at once, and is there at the next start`() throws {
        let ring = try open()
        try ring.makeIfMissing(.assertions, now: start)
        let made = try #require(ring.signingIfAny(.assertions, at: start)?.kid)
        try ring.makeIfMissing(.assertions, now: start + 9)
        for ring in [ring, try open()] {
            #expect(ring.signingIfAny(.assertions, at: start)?.kid == made)
            #expect(ring.published(.assertions, at: start).keys.map(\.kid) == [made])
            #expect(ring.published(at: start).keys.count == 3)
        }
    }

    @Test func `no signature of another purpose verifies by it`() throws {
        let ring = try open()
        try ring.makeIfMissing(.assertions, now: start)
        let made = try #require(ring.signingIfAny(.assertions, at: start)?.kid)
        #expect(!ring.accepts(.tokens, kid: made, at: start) && !ring.accepts(.events, kid: made, at: start))
    }
}
