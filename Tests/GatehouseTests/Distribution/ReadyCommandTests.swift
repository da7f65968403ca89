import Outbound
import TestSupport
import Testing

@testable import gatehouse

@Suite("gatehouse ready")
struct ReadyCommandTests {
    @Test func `It succeeds beside a ready server, and fails with one sentence beside none`() async throws {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            let ready = try await gatehouse.command(["ready"])
            #expect(ready.status == 0 && ready.output.isEmpty && ready.errors.isEmpty)
            await gatehouse.process.stop()
            _ = try await gatehouse.process.end()
            let gone = try await gatehouse.command(["ready"])
            #expect(gone.status == 1 && gone.errors.contains("No server answers at http://127.0.0.1:"))
        }
    }

    @Test(arguments: [
        ("127.0.0.1:8081", "http://127.0.0.1:8081/readyz"), ("0.0.0.0:81", "http://127.0.0.1:81/readyz"),
        ("[::]:8081", "http://[::1]:8081/readyz"), ("localhost:8081", "http://localhost:8081/readyz"),
    ])
    func `A listener at every address is asked at loopback`(listen: String, url: String) throws {
        #expect(try OperationsAddress(#require(ListenAddress(listen))).readiness.string == url)
    }

    @Test func `An address that only a network reaches is refused, because plain http would cross it`() throws {
        let listen = try #require(ListenAddress("10.0.0.7:8081"))
        let error = #expect(throws: CommandError.self) { try OperationsAddress(listen) }
        #expect(error?.description.contains("'operations.listen' is 10.0.0.7:8081, which has no loopback") ?? false)
    }
}
