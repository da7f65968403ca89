import OAuth
import Testing

@Suite("W3C Trace Context")
struct TraceIDTests {
    private static let id = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let parent = "00f067aa0ba902b7"

    @Test(arguments: [
        "00-\(id)-\(parent)-01", "00-\(id)-\(parent)-00", "cc-\(id)-\(parent)-01",
        "cc-\(id)-\(parent)-01-what-comes-later",
    ])
    func `§3.2 the id of a valid field is taken over`(field: String) {
        #expect(TraceID(traceparent: field)?.string == Self.id)
    }

    @Test(arguments: [
        "", "00", "00-\(id)-\(parent)", "00-\(id)-\(parent)-1", "00-\(id)-\(parent)-01-", "00-\(id)-\(parent)-01-x",
        "ff-\(id)-\(parent)-01", "cc-\(id)-\(parent)-01x", "0x-\(id)-\(parent)-01", "00-\(id)-\(parent)-0g",
        "00-\(String(repeating: "0", count: 32))-\(parent)-01", "00-\(id)-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-\(parent)-01", "00_\(id)_\(parent)_01", " 00-\(id)-\(parent)-01",
        "00-\(id)-\(parent)-01, 00-\(id)-\(parent)-01", "00-\(id)-00F067AA0BA902B7-01",
        "cc-\(id)-\(parent)-01-" + String(repeating: "x", count: 600),
    ])
    func `§3.2 an invalid field is ignored`(field: String) {
        #expect(TraceID(traceparent: field) == nil)
    }

    @Test func `§3.2.2.3 a new id is canonical and unique`() {
        let ids = (0..<100).map { _ in TraceID.random() }
        #expect(Set(ids).count == 100)
        for id in ids { #expect(TraceID(id.string) == id) }
    }
}
