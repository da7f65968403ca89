import JOSE
import MCPClient
import Outbound

/// The `gatehouse` program: one server process, and commands beside it.
struct GatehouseProgram {
    let issuer: String
    private let bench: Workbench
    private let program: String
    private let configuration: String
    private let operations: Int

    init(on bench: Workbench, trusting authority: ThrowAwayAuthority, privateHost: String) throws {
        let port = try FreePort.find()
        operations = try FreePort.find()
        issuer = "http://localhost:\(port)"
        self.bench = bench
        program = try Workbench.sibling("gatehouse")
        configuration = try bench.write(
            """
            issuer: \(issuer)
            listen: 127.0.0.1:\(port)
            operations: { listen: 127.0.0.1:\(operations) }
            data: var
            keys: keys
            admin: { socket: var/admin/gatehouse.sock }
            clients: { metadata_documents: { private_hosts: ["\(privateHost)"] } }
            outbound: { trust: ["\(authority.certificate)"] }
            """, to: "gatehouse.yaml")
    }

    /// Starts the server and waits until `/readyz` answers.
    func serve(asking client: OperatorClient) async throws {
        let child = try bench.start(program, ["serve", "--config", configuration], log: "gatehouse")
        try await Readiness.wait(
            for: "gatehouse", child, at: "http://127.0.0.1:\(operations)/readyz", asking: client, on: bench)
    }

    /// Runs a command that has to succeed and returns its output.
    func command(_ arguments: [String], input: String? = nil) async throws -> String {
        let outcome = try await bench.run(
            program, arguments + ["--config", configuration], environment: ["COLUMNS": "\(Narrator.space)"],
            input: input)
        guard outcome.status == 0 else {
            throw StoryFailure(
                expected: "`gatehouse \(arguments.joined(separator: " "))` to succeed",
                found: "it ended with \(outcome.status): \(outcome.complaint)")
        }
        return outcome.output
    }

    /// Runs a command with `--json` that has to succeed and returns the objects that it prints.
    func objects(_ arguments: [String], input: String? = nil) async throws -> [JSONObject] {
        let output = try await command(arguments + ["--json"], input: input)
        let json = try JSON.parse(Array(output.utf8))
        return json.array?.compactMap(\.object) ?? json.object.map { [$0] } ?? []
    }
}
