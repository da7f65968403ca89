import Foundation
import JOSE
import Synchronization
import TestSupport
import Testing

/// A running `gatehouse dev` in a folder of a stage.
private struct RunningDev {
    let stage: Stage
    let issuer: String
    let http: LoopbackHTTP
    let process: ChildProcess
    private let log: String

    static func start(
        on stage: Stage, port: Int, _ arguments: [String] = [], environment: [String: String] = [:]
    ) async throws -> RunningDev {
        let (issuer, log) = ("http://localhost:\(port)", "dev-\(UInt32.random(in: .min ... .max))")
        let process = try stage.start(
            Workspace.program("gatehouse"),
            ["dev"] + arguments + [
                "--issuer", issuer, "--folder", stage.path("try"),
            ], environment: environment, log: log)
        let http = LoopbackHTTP(name: "localhost", port: port)
        let dev = RunningDev(stage: stage, issuer: issuer, http: http, process: process, log: log)
        await eventually { try !process.isRunning || dev.printed().contains("Press Control-C") }
        guard process.isRunning else { throw StageFailure("gatehouse dev ended: \(try dev.printed())") }
        return dev
    }

    func printed() throws -> String { try stage.log(log) }

    func stop() async throws {
        kill(process.identifier, SIGTERM)
        _ = try await process.end()
    }

    func metadata() async throws -> JSONObject {
        try await http.get("/.well-known/oauth-authorization-server").object()
    }

    /// The password of this start.
    func password() throws -> String? {
        try printed().components(separatedBy: "dev, password ").dropFirst().first?.prefix { $0 != " " }.description
    }

    /// The variables of `.env`.
    static func variables(on stage: Stage) throws -> [String: String] {
        let text = try String(contentsOfFile: stage.path("try/.env"), encoding: .utf8)
        return Dictionary(
            uniqueKeysWithValues: text.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { line in
                let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
                return parts.count == 2 ? (parts[0], parts[1]) : nil
            })
    }
}

@Suite("gatehouse dev")
struct DevCommandTests {
    private static let url = "http://127.0.0.1:1/mcp"

    @Test func `the metadata names a test client that can be fetched, and that of serve names none`() async throws {
        try await Stage.play { stage in
            let dev = try await RunningDev.start(on: stage, port: LoopbackPort.free())
            let metadata = try await dev.metadata()
            let client = try #require(metadata["gatehouse_dev"]?.object?["client_id"]?.string)
            #expect(metadata["issuer"]?.string == dev.issuer)
            let examined = try await CommandLineProgram(stage: stage)(
                "doctor", "--client", client, "--config", stage.path("try/gatehouse.yaml"))
            #expect(examined.output.contains("Status 200 from localhost"), "\(examined)")
            #expect(examined.output.contains("the name 'Gatehouse test client'"))
            #expect(examined.output.contains("http://127.0.0.1/callback: with any port"))
            try await dev.stop()
            let gatehouse = try await RunningGatehouse.start(on: stage)
            let served = try await gatehouse.http.get("/.well-known/oauth-authorization-server").object()
            #expect(served["gatehouse_dev"] == nil)
            #expect(Set(metadata.members.map(\.name)).subtracting(served.members.map(\.name)) == ["gatehouse_dev"])
        }
    }

    @Test func `the variables of the MCP server are private to their owner, and stay the same at the next start`()
        async throws
    {
        try await Stage.play { stage in
            let port = try await LoopbackPort.free()
            let first = try await RunningDev.start(
                on: stage, port: port, [Self.url, "--scope", "notes:read=Read your notes"])
            let path = stage.path("try/.env")
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            let variables = try RunningDev.variables(on: stage)
            #expect(variables["GATEHOUSE_ISSUER"] == first.issuer && variables["GATEHOUSE_RESOURCE"] == Self.url)
            #expect(variables.count == 4)
            let password = try #require(try first.password())
            #expect(try first.printed().components(separatedBy: password).count == 2)
            #expect(try first.printed().contains("does not answer yet"))
            #expect(!(try first.printed().contains(variables["GATEHOUSE_CLIENT_SECRET"] ?? "-")))
            try await first.stop()
            let second = try await RunningDev.start(on: stage, port: port, [Self.url])
            #expect(try RunningDev.variables(on: stage) == variables)
            #expect(try second.password() != password)
            let credential = Data(
                "\(variables["GATEHOUSE_CLIENT_ID"] ?? ""):\(variables["GATEHOUSE_CLIENT_SECRET"] ?? "")".utf8)
            let asked = try await second.http.post(
                "/introspect", form: ["token": "x"],
                headers: [("Authorization", "Basic \(credential.base64EncodedString())")])
            #expect(asked.status == 200)
            try FileManager.default.removeItem(atPath: path)
            try await second.stop()
            let third = try await RunningDev.start(on: stage, port: port, [Self.url])
            let renewed = try RunningDev.variables(on: stage)
            #expect(renewed["GATEHOUSE_CLIENT_ID"] == variables["GATEHOUSE_CLIENT_ID"])
            #expect(renewed["GATEHOUSE_CLIENT_SECRET"] != variables["GATEHOUSE_CLIENT_SECRET"])
            try await third.stop()
        }
    }

    @Test func `the scopes of an MCP server that comes later are added without a restart`() async throws {
        try await Stage.play { stage in
            let metadata = Mutex<JSONObject?>(nil)
            let server = try await LoopbackServer.start { request in
                guard let document = metadata.withLock({ $0 }) else {
                    return LoopbackServer.http("503 Service Unavailable", body: "{}")
                }
                return request.hasPrefix("GET ")
                    ? LoopbackServer.http("200 OK", body: JSON.object(document).text)
                    : LoopbackServer.http("401 Unauthorized", body: "{}")
            }
            let url = "http://127.0.0.1:\(server.port)/mcp"
            let dev = try await RunningDev.start(
                on: stage, port: LoopbackPort.free(), [url, "--scope", "notes:read=Read your notes"])
            metadata.withLock {
                $0 = [
                    "resource": .string(url), "authorization_servers": [.string(dev.issuer)],
                    "scopes_supported": ["notes:read", "notes:write"],
                ]
            }
            await eventually { try dev.printed().contains("Its scopes: notes:read, notes:write.") }
            let command = CommandLineProgram(stage: stage)
            let shown = try await command(
                "resources", "show", url, "--json", "--config", stage.path("try/gatehouse.yaml"))
            let text = shown.output
            #expect(shown.status == 0 && text.contains("notes:write") && text.contains("Read your notes"), "\(shown)")
            try await dev.stop()
            try await server.stop()
        }
    }

    @Test(arguments: [
        "https://auth.example.org", "http://192.168.1.5:8080", "https://localhost:8443", "http://0.0.0.0:8080",
        "localhost:8080",
    ])
    func `an issuer that is not plain http on this machine is refused, and nothing is written`(issuer: String)
        async throws
    {
        try await Stage.play { stage in
            let run = try await CommandLineProgram(stage: stage)(
                "dev", "--issuer", issuer, "--folder", stage.path("try"))
            #expect(run.status == 1 && run.errorLines.count == 1, "\(run.errors)")
            #expect(!FileManager.default.fileExists(atPath: stage.path("try/gatehouse.yaml")))
            #expect(!FileManager.default.fileExists(atPath: stage.path("try/var")))
        }
    }

    @Test func `a folder of somebody else stays as it is, also with --fresh`() async throws {
        try await Stage.play { stage in
            let files = FileManager.default
            try files.createDirectory(atPath: stage.path("try/var"), withIntermediateDirectories: true)
            _ = try stage.write("mine", to: "try/.env")
            for arguments in [["dev"], ["dev", "--fresh"]] {
                let run = try await CommandLineProgram(stage: stage)(arguments + ["--folder", stage.path("try")])
                #expect(run.status == 1 && run.errors.contains("'gatehouse dev' did not make it"))
            }
            #expect(try files.contentsOfDirectory(atPath: stage.path("try")).sorted() == [".env", "var"])
            #expect(try String(contentsOfFile: stage.path("try/.env"), encoding: .utf8) == "mine")
            try files.createSymbolicLink(atPath: stage.path("link"), withDestinationPath: stage.path("try"))
            let link = try await CommandLineProgram(stage: stage)("dev", "--folder", stage.path("link"))
            #expect(link.status == 1 && link.errors.contains("is not a folder"))
        }
    }

    @Test func `--fresh removes the data of earlier starts and nothing else, but not below a running server`()
        async throws
    {
        try await Stage.play { stage in
            let port = try await LoopbackPort.free()
            let first = try await RunningDev.start(on: stage, port: port, [Self.url])
            let variables = try RunningDev.variables(on: stage)
            _ = try stage.write("kept", to: "try/notes.txt")
            let refused = try await CommandLineProgram(stage: stage)(
                "dev", "--fresh", "--folder", stage.path("try"), "--issuer", first.issuer)
            #expect(refused.status == 1 && refused.errorLines.count == 1)
            #expect(try RunningDev.variables(on: stage) == variables)
            try await first.stop()
            let second = try await RunningDev.start(on: stage, port: port, [Self.url, "--fresh"])
            let renewed = try RunningDev.variables(on: stage)
            #expect(renewed["GATEHOUSE_CLIENT_ID"] != variables["GATEHOUSE_CLIENT_ID"])
            #expect(try String(contentsOfFile: stage.path("try/notes.txt"), encoding: .utf8) == "kept")
            try await second.stop()
        }
    }

    @Test func `variables of another server lead nowhere, and wrong arguments end in a sentence`() async throws {
        try await Stage.play { stage in
            let elsewhere = stage.path("elsewhere")
            let dev = try await RunningDev.start(
                on: stage, port: LoopbackPort.free(), environment: ["GATEHOUSE_DATA": elsewhere])
            #expect(!FileManager.default.fileExists(atPath: elsewhere))
            try await dev.stop()
            let command = CommandLineProgram(stage: stage)
            let lonely = try await command("dev", "--scope", "a=b", "--folder", stage.path("try"))
            #expect(lonely.status == 2 && lonely.errors.contains("give its URL, too"))
            for url in ["files", "http://a.example/mcp", "ftp://a.example"] {
                let run = try await command(
                    "dev", url, "--folder", stage.path("try"))
                #expect(run.status == 1 && run.errorLines.count == 1, "\(url): \(run.errors)")
            }
        }
    }
}
