import JOSE
import Testing

@testable import ResourceServer

@Suite("MCP 2026-07-28 requestState, sealed")
struct RequestStateTests {
    private let clock = ManualClock()
    private let state = RequestState(
        elicitation: "eli_1", url: "http://127.0.0.1/e/x", expiresAt: ManualClock.start + 60)

    private func access(_ subject: String = "sub_1", _ client: String = "c", session: String = "ses_1") -> Access {
        Access(subject: subject, clientID: client, sessionID: session, scopes: [], expiresAt: ManualClock.start + 600)
    }

    private func request(
        _ method: String = "tools/call", _ name: String = "delete_file", _ arguments: String = #"{"a":1,"b":2}"#
    ) -> OriginatingRequest {
        OriginatingRequest(method: method, name: name, arguments: Array(arguments.utf8))
    }

    private func seal() -> RequestStateSeal { RequestStateSeal { [clock] in clock.now } }

    private func opens(
        _ seal: RequestStateSeal, _ text: String, for request: OriginatingRequest? = nil, by access: Access? = nil
    ) async -> Bool {
        let found = await fault {
            try seal.open(text, for: request ?? self.request(), by: access ?? self.access())
        }
        #expect(found == nil || found?.kind == .invalidRequestState)
        return found == nil
    }

    @Test func `opens unchanged as often as presented, until it expires`() async throws {
        let seal = seal()
        var counted = state
        counted.rounds = 3
        let text = seal.seal(counted, for: request(), by: access())
        for _ in 0..<3 { #expect(try seal.open(text, for: request(), by: access()) == counted) }
        clock.advance(59)
        #expect(await opens(seal, text))
        clock.advance(1)
        #expect(await !opens(seal, text))
    }

    @Test func `a flipped bit, a truncation or an addition is refused`() async throws {
        let seal = seal()
        let text = seal.seal(state, for: request(), by: access())
        let bytes = try #require(Base64URL.decode(text))
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << bit
                #expect(await !opens(seal, Base64URL.encode(changed)))
            }
            #expect(await !opens(seal, Base64URL.encode(bytes.prefix(index))))
        }
        for other in ["", text + "A", text + "=", " " + text, String(repeating: "A", count: 9000)] {
            #expect(await !opens(seal, other))
        }
    }

    @Test func `another user, client or call is refused`() async throws {
        let seal = seal()
        let text = seal.seal(state, for: request(), by: access())
        #expect(await !opens(seal, text, by: access("sub_2")))
        #expect(await !opens(seal, text, by: access("sub_1", "d")))
        #expect(await !opens(seal, text, by: access("sub_1\",\"c", "")))
        #expect(await !opens(seal, text, for: request("prompts/get")))
        #expect(await !opens(seal, text, for: request("tools/call", "write_file")))
        #expect(await !opens(seal, text, for: request("tools/call", "delete_file", #"{"a":1,"b":3}"#)))
        #expect(await opens(seal, text, for: request("tools/call", "delete_file", #"{"b":2,"a":1.0}"#)))
        #expect(await opens(seal, text, by: access(session: "ses_2")), "a session may be widened meanwhile")
    }

    @Test func `shared and rotated keys keep opening states, other keys do not`() async throws {
        let (old, new) = ([UInt8](repeating: 1, count: 32), [UInt8](repeating: 2, count: 32))
        func seal(_ keys: [[UInt8]]) throws -> RequestStateSeal {
            try RequestStateSeal(keys: keys) { [clock] in clock.now }
        }
        let text = try seal([old]).seal(state, for: request(), by: access())
        #expect(try await opens(seal([new, old]), text))
        #expect(try await !opens(seal([new]), text))
        #expect(await !opens(self.seal(), text))
        #expect(throws: InvalidConfiguration.self) { try seal([]) }
        #expect(throws: InvalidConfiguration.self) { try seal([old, [1, 2, 3]]) }
    }

    @Test func `a client can read neither handle nor link in it`() throws {
        let text = seal().seal(state, for: request(), by: access())
        let plain = String(decoding: try #require(Base64URL.decode(text)), as: UTF8.self)
        #expect(!plain.contains("eli_1") && !plain.contains("127.0.0.1"))
    }
}
