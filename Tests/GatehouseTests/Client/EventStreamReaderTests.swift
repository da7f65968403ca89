import JOSE
import MCPClient
import Testing

@Suite("Event streams, as a client reads them")
struct EventStreamReaderTests {
    private func read(_ pieces: [String]) throws -> [JSONObject] {
        var reader = EventStreamReader()
        return try pieces.flatMap { try reader.read($0.utf8) }
    }

    @Test func `a message is complete at its empty line, in whatever pieces it arrives`() throws {
        let text = "event: message\ndata: {\"id\":1}\n\n: waiting\n\ndata: {\"id\":2}\r\n\r\n"
        let whole = try read([text])
        #expect(whole.compactMap { $0["id"]?.integer } == [1, 2])
        #expect(try read(text.map(String.init)) == whole)
    }

    @Test func `lines of data belong together, and what is no object is passed over`() throws {
        #expect(try read(["data: {\"id\":\ndata: 3}\n\n"]).first?["id"]?.integer == 3)
        #expect(try read(["data: [1]\n\ndata: x\n\nretry: 5\n\n{\"id\":4}\n\n"]).isEmpty)
        #expect(try read(["data: {\"id\":5}\n"]).isEmpty)
    }

    @Test func `a message that never ends is refused`() throws {
        var reader = EventStreamReader()
        let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)
        #expect(throws: ClientFailure.self) {
            for _ in 0..<9 { _ = try reader.read(piece) }
        }
    }
}
