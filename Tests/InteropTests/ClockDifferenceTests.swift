import JOSE
import TestSupport
import Testing

@Suite("MCP elicitation: a server whose clock is behind")
struct ClockDifferenceTests {
    @Test func `the documented Python server accepts an approval up to a minute ahead of its clock`()
        async throws
    {
        try await Scene.play { scene in
            let server = try await DocumentedServer.serve("docs/elicitation.md", behind: 45, in: scene).server
            let client = try SDKClient(on: scene.stage)
            _ = try await client.connect(
                to: server, as: .registered(scene.gatehouse.addClient()), era: .modern, opens: .approve)
            let outcome = try await client.outcome("delete_note", ["name": "plan"])
            #expect(outcome.text == "Deleted plan." && !outcome.failed)
        }
    }
}
