import Foundation
package import JOSE

/// A `gatehouse serve` process, and commands against it.
package struct RunningGatehouse: Sendable {
    /// The issuer. Its host is `localhost`, so that cookies do not mix with those of servers at `127.0.0.1`.
    package let issuer: String
    /// The main listener.
    package let http: LoopbackHTTP
    /// The operations listener.
    package let operations: LoopbackHTTP
    /// The server process.
    package let process: ChildProcess
    private let stage: Stage
    private let configuration: String

    /// Starts a server with its own database and keys, and waits until it is ready.
    ///
    /// - Parameters:
    ///   - scheme: how its issuer begins; https wants a certificate in the settings.
    ///   - settings: more lines of its configuration file.
    package static func start(
        on stage: Stage, scheme: String = "http", settings: String = ""
    ) async throws -> RunningGatehouse {
        let (port, operations) = (try await LoopbackPort.free(), try await LoopbackPort.free())
        let configuration = try stage.write(
            """
            issuer: \(scheme)://localhost:\(port)
            listen: 127.0.0.1:\(port)
            operations: { listen: 127.0.0.1:\(operations) }
            data: var
            keys: keys
            admin: { socket: var/admin/gatehouse.sock }
            \(settings)
            """, to: "gatehouse.yaml")
        return try await serve(
            RunningGatehouse(
                issuer: "\(scheme)://localhost:\(port)", http: LoopbackHTTP(name: "localhost", port: port),
                operations: LoopbackHTTP(port: operations), process: try serving(configuration, on: stage),
                stage: stage,
                configuration: configuration))
    }

    /// Kills the server, if it is running, and starts another one with the same files.
    package func restarted(environment: [String: String] = [:]) async throws -> RunningGatehouse {
        process.kill()
        _ = try await process.end()
        return try await Self.serve(
            RunningGatehouse(
                issuer: issuer, http: http, operations: operations,
                process: try Self.serving(configuration, on: stage, environment: environment), stage: stage,
                configuration: configuration))
    }

    private static func serving(
        _ configuration: String, on stage: Stage, environment: [String: String] = [:]
    ) throws -> ChildProcess {
        try stage.start(
            Workspace.program("gatehouse"), ["serve", "--config", configuration], environment: environment,
            log: "gatehouse")
    }

    private static func serve(_ gatehouse: RunningGatehouse) async throws -> RunningGatehouse {
        try await gatehouse.stage.waitUntilReady("gatehouse", gatehouse.process) {
            try await gatehouse.operations.get("/readyz")
        }
        return gatehouse
    }

    /// The result of a command.
    package struct Printed: Sendable {
        /// The exit status.
        package let status: Int32
        /// Standard output.
        package let output: String
        /// Standard error.
        package let errors: String

        /// Standard output parsed as JSON.
        package func json() throws -> JSON {
            try JSON.parse(Array(output.utf8), limits: .init(bytes: 1 << 20, depth: 32, members: 10_000))
        }
    }

    /// Runs a command against this server.
    package func command(_ arguments: [String], input: String = "") async throws -> Printed {
        let name = "command-\(UInt32.random(in: .min ... .max))"
        let (output, errors, typed) = (try stage.logFile(name), try stage.logFile("\(name)-errors"), Pipe())
        let child = try ChildProcess(
            Workspace.program("gatehouse"), arguments + ["--config", configuration], input: typed, output: output,
            errors: errors)
        stage.adopt(child)
        try typed.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try typed.fileHandleForWriting.close()
        let status = try await child.end()
        return Printed(status: status, output: try stage.log(name), errors: try stage.log("\(name)-errors"))
    }

    /// Runs a command with `--json` that has to succeed and print one object.
    package func object(_ arguments: [String], input: String = "") async throws -> JSONObject {
        let answer = try await json(arguments, input: input)
        if let object = answer.object { return object }
        guard let only = answer.array?.first?.object, answer.array?.count == 1 else {
            throw StageFailure("`gatehouse \(arguments.joined(separator: " "))` printed no object")
        }
        return only
    }

    /// Runs a command with `--json` that has to succeed, and returns its output.
    @discardableResult
    package func json(_ arguments: [String], input: String = "") async throws -> JSON {
        let printed = try await command(arguments + ["--json"], input: input)
        guard printed.status == 0 else {
            throw StageFailure(
                "`gatehouse \(arguments.joined(separator: " "))` ended with \(printed.status): \(printed.errors)")
        }
        return try printed.json()
    }
}

extension Stage {
    /// Polls until the response is 200; a program that has just started does not listen yet.
    package func waitUntilReady(
        _ name: String, _ process: ChildProcess, _ ask: () async throws -> LoopbackHTTP.Response
    ) async throws {
        for _ in 0..<1200 {
            if let response = try? await ask(), response.status == 200 { return }
            guard process.isRunning else { throw StageFailure("\(name) ended before it was ready") }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw StageFailure("\(name) was not ready within a minute")
    }
}
