import Foundation
import JOSE
import Testing

@Suite("The names of former keys")
struct KeyPastTests {
    private let directory: TemporaryDirectory
    private let start: Int64 = 1_790_000_000

    init() throws { directory = try TemporaryDirectory() }

    private func open(now: Int64? = nil) throws -> KeyRing {
        try KeyRing.open(directory: directory.keys, now: now ?? start, createIfEmpty: true)
    }

    @Test(arguments: KeyRing.Purpose.all)
    func `the name of an ended key is kept for ever, and nothing else of it`(purpose: KeyRing.Purpose)
        throws
    {
        let ring = try open()
        try ring.makeIfMissing(.assertions, now: start)
        let old = try ring.replace(purpose, now: start + 10)
        #expect(ring.everEnded(purpose) == old && ring.past().isEmpty)
        try ring.forgetEnded(purpose)
        for ring in [ring, try open(now: start + 20)] {
            #expect(ring.ended(purpose).isEmpty)
            #expect(ring.everEnded(purpose) == old)
            let past = ring.past()
            #expect(past.map(\.id) == old && past.map(\.state) == [.ended] && past.map(\.retiresAt) == [start + 10])
            #expect(!ring.usable(at: start + 20).contains { old.contains($0.id) })
            #expect(ring.usable(at: start + 20).count == 7)
        }
        #expect(try directory.names().filter { name in old.contains { name.contains($0) } } == [])
    }

    @Test func `the name of a retired signing key is kept and distinguished from an ended one`() throws {
        let ring = try open()
        let first = ring.signing(.events, at: start).kid
        try ring.rotate(.events, now: start, activeAfter: 0, retireAfter: 0)
        let second = ring.signing(.events, at: start).kid
        // The next rotation takes the retired one out of the ring.
        try ring.rotate(.events, now: start + 10, activeAfter: 0, retireAfter: 0)
        #expect(ring.past().map(\.id).contains(first))
        try ring.replace(.signing(.events), now: start + 20)
        try ring.forgetEnded(.signing(.events))
        let past = try open(now: start + 30).past()
        #expect(past.first { $0.id == first }?.state == .retired)
        #expect(past.contains { $0.id == second })
        #expect(past.filter { $0.state == .ended }.count == 1)
        #expect(try open(now: start + 30).everEnded(.signing(.events)).contains(first) == false)
    }

    @Test func `an index of an earlier version, without former keys, opens`() throws {
        let ring = try open()
        try ring.replace(.secret(.form), now: start)
        try ring.forgetEnded(.secret(.form))
        let path = directory.keys + "/keys.json"
        let index = try directory.text(path)
        #expect(index.contains(#""past""#))
        let place = try #require(index.range(of: #","past""#)).lowerBound
        try directory.write(String(index[..<place]) + "}\n", path)
        try directory.setMode(path, 0o600)
        #expect(try open().past().isEmpty)
    }
}
