import Foundation
package import JOSE

/// `gatehouse serve` as an operator would run it, with a command line to it.
package struct RunningGatehouse: Sendable {
    /// Its issuer; its name is `localhost` so that its cookies stay apart from those of servers at `127.0.0.1`.
    package let issuer: String
    /// Its main listener.
    package let http: LoopbackHTTP
    /// Its listener for health and metrics.
    package let operations: LoopbackHTTP
    /// The process.
    package let process: ChildProcess
    private let stage: Stage
    private let configuration: String

    /// Starts a server with a database and keys of its own and waits until it is ready.
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
            templates: \(Workspace.root)/templates
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

    /// Kills the server without a word, if it still runs, and starts another one on what it left behind.
    package func restarted(environment: [String: String] = [:]) async throws -> RunningGatehouse {
        process.kill()
        _ = await process.end()
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

    /// What a command printed.
    package struct Printed: Sendable {
        /// Its exit status.
        package let status: Int32
        /// Its standard output.
        package let output: String
        /// Its standard error.
        package let errors: String

        /// The JSON that it printed.
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
        let status = await child.end()
        return Printed(status: status, output: try stage.log(name), errors: try stage.log("\(name)-errors"))
    }

    /// Runs a command that has to succeed, and reads the object that it prints with `--json`.
    package func object(_ arguments: [String], input: String = "") async throws -> JSONObject {
        let answer = try await json(arguments, input: input)
        if let object = answer.object { return object }
        guard let only = answer.array?.first?.object, answer.array?.count == 1 else {
            throw StageFailure("`gatehouse \(arguments.joined(separator: " "))` printed no object")
        }
        return only
    }

    /// Runs a command that has to succeed, and reads what it prints with `--json`.
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
    /// Asks until the answer is 200: a program that just started does not listen yet.
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
