import Foundation

/// A Gatehouse of its own in a folder of its own, with one person, one MCP server and one client.
final class Gatehouse: Sendable {
    static let resource = "https://bench.example/mcp"
    static let ruledResource = "https://bench.example/ruled"
    static let redirect = "http://127.0.0.1:9/callback"

    let program: String
    private let directory: String
    let configuration: String
    let port: Int
    private let operations: Int

    init(program: String, directory: String, port: Int, tokenLife: String = "600s") throws {
        self.program = program
        self.directory = directory
        self.port = port
        operations = port + 1
        configuration = "\(directory)/gatehouse.yaml"
        let templates = URL(filePath: FileManager.default.currentDirectoryPath).appending(path: "templates").path
        try Data(
            """
            issuer: http://localhost:\(port)
            listen: 127.0.0.1:\(port)
            operations: { listen: 127.0.0.1:\(operations) }
            data: var
            keys: keys
            templates: \(templates)
            admin: { socket: var/admin/gatehouse.sock }
            tokens: { code: 600s, access: \(tokenLife) }
            connections: { per_address: 4096 }
            proxies: [127.0.0.1]
            """.utf8
        ).write(to: URL(filePath: configuration))
    }

    /// Starts it and gives the process with the milliseconds until it was ready.
    func start() async throws -> (process: MeasuredProcess, milliseconds: Double) {
        let clock = ContinuousClock()
        let begun = clock.now
        let process = try MeasuredProcess(
            program, ["serve", "--config", configuration], log: "\(directory)/gatehouse.log")
        let http = PlainHTTP(target: Target(port: operations))
        while process.isRunning {
            if let answer = try? await http.get("/readyz"), answer.status == 200 {
                return (process, (clock.now - begun).microseconds / 1000)
            }
            guard clock.now - begun < .seconds(30) else { break }
            try await Task.sleep(for: .milliseconds(1))
        }
        process.stop()
        throw BenchmarkFailure(
            "Gatehouse is not ready: \((try? String(contentsOfFile: "\(directory)/gatehouse.log", encoding: .utf8)) ?? "")"
        )
    }

    /// Runs a command of it and gives the members of the object that it prints.
    func command(_ arguments: [String], input: String = "") throws -> [String: String] {
        let (process, typed, printed) = (Process(), Pipe(), Pipe())
        process.executableURL = URL(filePath: program)
        process.arguments = arguments + ["--json", "--config", configuration]
        process.standardInput = typed
        process.standardOutput = printed
        try process.run()
        try typed.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try typed.fileHandleForWriting.close()
        let output = try printed.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw BenchmarkFailure(
                "`gatehouse \(arguments.joined(separator: " "))` ended with \(process.terminationStatus)")
        }
        let json = try JSONSerialization.jsonObject(with: output)
        let object = json as? [String: Any] ?? (json as? [[String: Any]])?.first ?? [:]
        return object.compactMapValues { $0 as? String }
    }

    /// What the measurements need to exist.
    struct Registered {
        let clientID: String
        let resource: (id: String, secret: String)

        /// How the MCP server proves itself.
        var proof: String { "Basic " + Data("\(resource.id):\(resource.secret)".utf8).base64EncodedString() }
    }

    /// Makes the person, the MCP server, which may take events at an endpoint, and the client.
    func register(
        resource identifier: String = Gatehouse.resource, eventsEndpoint: String? = nil
    ) throws -> Registered {
        _ = try command(["users", "add", Person.name, "--password-stdin"], input: Person.password + "\n")
        let resource = try command(
            ["resources", "add", identifier, "--name", "Bench", "--owner", "Nobody", "--scope", "bench:run=Run"]
                + (eventsEndpoint.map { ["--events-endpoint", $0] } ?? []))
        let client = try command([
            "clients", "add", "--name", "Bench", "--redirect-uri", Self.redirect, "--auth", "none",
        ])
        guard let clientID = client["client_id"], let id = resource["client_id"], let secret = resource["client_secret"]
        else { throw BenchmarkFailure("the commands gave no credentials") }
        return Registered(clientID: clientID, resource: (id, secret))
    }

    /// Registers an MCP server that lets in one group, gives the person that group, and says how the MCP server proves itself.
    func registerRuledResource() throws -> String {
        let resource = try command([
            "resources", "add", Self.ruledResource, "--name", "Bench for some", "--owner", "Nobody", "--scope",
            "bench:run=Run",
        ])
        guard let id = resource["client_id"], let secret = resource["client_secret"] else {
            throw BenchmarkFailure("the command gave no credentials")
        }
        _ = try command(["groups", "add", "bench"])
        _ = try command(["users", "groups", Person.name, "--add", "bench"])
        _ = try command(["resources", "policy", Self.ruledResource, "--allow-group", "bench"])
        return "Basic " + Data("\(id):\(secret)".utf8).base64EncodedString()
    }

    /// Registers a client that acts for itself at the MCP server, and gives how it proves itself.
    func registerService() throws -> String {
        let client = try command([
            "clients", "add", "--service", "--name", "Bench Service", "--resource", Self.resource, "--scope",
            "bench:run",
        ])
        guard let id = client["client_id"], let secret = client["client_secret"] else {
            throw BenchmarkFailure("the command gave no credentials")
        }
        return "Basic " + Data("\(id):\(secret)".utf8).base64EncodedString()
    }

    /// A client that acts for itself and proves itself with a key. Assertions of different runs differ in `run`.
    struct KeyedService: Sendable {
        let id: String
        let key: ClientKey
        let run: Int
    }

    /// Registers a client that acts for itself at the MCP server, with a key instead of a secret.
    func registerKeyedService(run: Int) throws -> KeyedService {
        let key = try ClientKey()
        let file = "\(directory)/service-\(run).jwk.json"
        try Data(key.jwk.utf8).write(to: URL(filePath: file))
        let client = try command([
            "clients", "add", "--service", "--name", "Bench Service \(run)", "--resource", Self.resource, "--scope",
            "bench:run", "--jwks", file,
        ])
        guard let id = client["client_id"] else { throw BenchmarkFailure("the command gave no client_id") }
        return KeyedService(id: id, key: key, run: run)
    }

    /// Waits until the events endpoint of an MCP server has shown that it wants events.
    func waitUntilPushed(to resource: String) async throws {
        for _ in 0..<300 {
            if try command(["resources", "policy", resource])["events"] == "active" { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw BenchmarkFailure("the events endpoint was not verified")
    }
}
