import Foundation
import NIOCore
import NIOPosix

/// How long a token is still let through from the moment in which an administrator's command is started, by the way in which
/// the MCP server learns of ends; `ONLY=revocations make bench` measures nothing else.
struct RevocationTimes {
    let program: String
    let directory: String

    /// How the MCP server checks tokens, and how it hears of ends.
    enum Way: String, CaseIterable {
        case push, poll, introspection
        /// It hears of nothing: a token is good until it expires.
        case nothing

        var options: [String] {
            switch self {
            case .push, .poll: ["--verify", "local", "--events", rawValue]
            case .introspection: []
            case .nothing: ["--verify", "local"]
            }
        }

        /// Sessions that are ended one after the other. Where only time ends a token there is no use in many.
        var rounds: Int { self == .nothing ? 5 : 300 }
        /// The life of access tokens; where it is what is measured, the shortest.
        var tokenLife: String { self == .nothing ? "60s" : "600s" }
        /// Tokens from before the listening are asked about, and for a minute it is not certain which those are.
        var warmUp: Int { self == .push || self == .poll ? 62 : 1 }
    }

    private static let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()

    func run() async throws {
        say("\nFrom the start of `gatehouse sessions revoke` to the MCP server's 401\n")
        for way in Way.allCases { try await measure(way) }
    }

    private func measure(_ way: Way) async throws {
        let folder = "\(directory)/revocations"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let port = Int.random(in: 20_000..<31_000)
        let gatehouse = try Gatehouse(program: program, directory: folder, port: port, tokenLife: way.tokenLife)
        let server = try await gatehouse.start().process
        defer { server.stop() }
        let example = ExampleServer(port: port + 2, folder: folder, program: program)
        let registered = try gatehouse.register(
            resource: example.resource, eventsEndpoint: way == .push ? example.endpoint : nil)
        let process = try await example.start(registered, issuer: port, way.options)
        defer { process.stop() }
        if way == .push { try await gatehouse.waitUntilPushed(to: example.resource) }
        try await Task.sleep(for: .seconds(way.warmUp))
        var person = Person(
            http: PlainHTTP(target: Target(port: port)), clientID: registered.clientID, redirect: Gatehouse.redirect,
            resource: example.resource)
        var times: [Duration] = []
        var waiting: [RevokedCall] = []
        for _ in 0..<way.rounds {
            let tokens = try await Redemption(clientID: registered.clientID).redeem(
                try await person.code(), at: Target(port: port))
            let call = try RevokedCall(token: tokens.access, at: example, on: Self.loop)
            // Where time alone ends them, all wait together.
            if way == .nothing { waiting.append(call) } else { times.append(try await call.measure(gatehouse)) }
        }
        times += try await withThrowingTaskGroup(of: Duration.self) { group in
            for call in waiting { group.addTask { try await call.measure(gatehouse) } }
            return try await group.reduce(into: [Duration]()) { $0.append($1) }
        }
        show(way, times)
    }

    private func show(_ way: Way, _ times: [Duration]) {
        let sorted = times.map { $0.microseconds / 1000 }.sorted()
        func milliseconds(_ share: Double) -> String {
            tenths(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]).leftPadded(to: 8)
        }
        say(
            way.rawValue.padding(toLength: 15, withPad: " ", startingAt: 0)
                + "\(times.count) sessions: ".leftPadded(to: 15)
                + "p50 \(milliseconds(0.5)) ms  p99 \(milliseconds(0.99)) ms  longest \(milliseconds(1)) ms")
    }
}

/// The example MCP server, in a process of its own.
private struct ExampleServer {
    let port: Int
    let folder: String
    let program: String

    var resource: String { "http://localhost:\(port)/mcp" }
    var endpoint: String { "http://localhost:\(port)/events" }

    func start(
        _ registered: Gatehouse.Registered, issuer: Int, _ options: [String]
    ) async throws -> MeasuredProcess {
        let binary = URL(filePath: program).deletingLastPathComponent().appending(path: "example-mcp-server").path
        guard FileManager.default.isExecutableFile(atPath: binary) else {
            throw BenchmarkFailure("no \(binary): run `make bench` at the top of the project")
        }
        try Data(registered.resource.secret.utf8).write(to: URL(filePath: "\(folder)/secret"))
        let process = try MeasuredProcess(
            binary,
            [
                "--listen", "127.0.0.1:\(port)", "--resource", resource, "--issuer", "http://localhost:\(issuer)",
                "--client-id", registered.resource.id, "--client-secret-file", "\(folder)/secret",
            ] + options, log: "\(folder)/example.log")
        let http = PlainHTTP(target: Target(port: port))
        for _ in 0..<500 {
            let path = "/.well-known/oauth-protected-resource/mcp"
            if let answer = try? await http.get(path), answer.status == 200 { return process }
            try await Task.sleep(for: .milliseconds(20))
        }
        process.stop()
        throw BenchmarkFailure("the example MCP server is not ready")
    }
}

/// A client that calls again and again with its token while the session is ended.
private struct RevokedCall {
    private let token: String
    private let session: String
    private let target: Target
    private let loop: any EventLoop

    init(token: String, at server: ExampleServer, on loop: any EventLoop) throws {
        self.token = token
        self.loop = loop
        target = Target(port: server.port)
        let parts = token.split(separator: ".")
        let plain = (parts.count == 3 ? String(parts[1]) : "")
            .replacing("-", with: "+").replacing("_", with: "/")
        let padded = plain + String(repeating: "=", count: (4 - plain.count % 4) % 4)
        let claims = Data(base64Encoded: padded).flatMap { try? JSONSerialization.jsonObject(with: $0) }
        guard let session = (claims as? [String: Any])?["sid"] as? String else {
            throw BenchmarkFailure("a token names no session")
        }
        self.session = session
    }

    /// From the start of the command to the first 401.
    func measure(_ gatehouse: Gatehouse) async throws -> Duration {
        let connection = try await KeptConnection.open(to: target, on: loop)
        defer { connection.close() }
        guard try await status(on: connection) == 200 else { throw BenchmarkFailure("the token was not let in") }
        let clock = ContinuousClock()
        let begun = clock.now
        // The command blocks its thread until it is through.
        async let ended = Task.detached { [session] in try gatehouse.command(["sessions", "revoke", session]) }.value
        while true {
            let status = try await status(on: connection)
            if status == 401 { break }
            guard status == 200, clock.now - begun < .seconds(120) else {
                throw BenchmarkFailure("the MCP server answered \(status)")
            }
            try await Task.sleep(for: .milliseconds(1))
        }
        let time = clock.now - begun
        _ = try await ended
        return time
    }

    private func status(on connection: KeptConnection) async throws -> Int {
        let body = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#
        let request = ByteBuffer(
            string: "POST /mcp HTTP/1.1\r\nHost: localhost:\(target.port)\r\nAuthorization: Bearer \(token)\r\n"
                + "Accept: application/json, text/event-stream\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        return try await connection.send(request).get().status
    }
}
