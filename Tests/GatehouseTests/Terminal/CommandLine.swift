import Foundation
import JOSE
import Storage
import TestSupport

/// The built program in a folder of its own, without a server.
struct CommandLineProgram {
    let stage: Stage

    /// The output and the exit status of one run.
    struct Run {
        let status: Int32
        let output: String
        let errors: String

        /// The JSON on standard output.
        func json() throws -> JSON { try JSON.parse(Array(output.utf8)) }
        /// The lines on standard error.
        var errorLines: [Substring] { errors.split(separator: "\n") }
    }

    /// Runs `gatehouse` with data, keys and socket in the stage's folder.
    func callAsFunction(
        _ arguments: String..., input: String = "", environment: [String: String] = [:]
    ) async throws -> Run {
        try await self(arguments, input: input, environment: environment)
    }

    /// Runs `gatehouse` with a list of arguments.
    func callAsFunction(
        _ arguments: [String], input: String = "", environment: [String: String] = [:]
    ) async throws -> Run {
        let configuration = try stage.write("templates: \(Workspace.root)/templates", to: "gatehouse.yaml")
        let name = "run-\(UInt32.random(in: .min ... .max))"
        let typed = Pipe()
        let child = try ChildProcess(
            Workspace.program("gatehouse"), arguments,
            environment: ["GATEHOUSE_CONFIG": configuration].merging(environment) { $1 }, input: typed,
            output: stage.logFile(name), errors: stage.logFile(name + "-errors"))
        stage.adopt(child)
        try typed.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try typed.fileHandleForWriting.close()
        let status = try await child.end()
        return Run(status: status, output: try stage.log(name), errors: try stage.log(name + "-errors"))
    }

    /// Runs `gatehouse` on a terminal in which an answer is already typed; its standard output goes into a file.
    func inTerminal(_ arguments: [String], typed: String) async throws -> (run: Run, shown: String) {
        let terminal = try PseudoTerminal(typed: typed)
        let configuration = try stage.write("templates: \(Workspace.root)/templates", to: "gatehouse.yaml")
        let child = try ChildProcess(
            Workspace.program("gatehouse"), arguments, environment: ["GATEHOUSE_CONFIG": configuration],
            input: terminal.side(), output: stage.logFile("terminal"), errors: terminal.side())
        stage.adopt(child)
        let status = try await child.end()
        return (Run(status: status, output: try stage.log("terminal"), errors: ""), terminal.shown())
    }

    /// Opens the database while no command holds it.
    func withStore<T>(_ body: (Store) async throws -> T) async throws -> T {
        let store = try Store(path: stage.path("var/gatehouse.sqlite"))
        let result: Result<T, any Error>
        do { result = .success(try await body(store)) } catch { result = .failure(error) }
        try store.close()
        return try result.get()
    }

    /// Plays a test on a fresh database.
    static func onFreshDatabase(_ test: (CommandLineProgram) async throws -> Void) async throws {
        try await Stage.play { stage in
            let gatehouse = CommandLineProgram(stage: stage)
            let made = try await gatehouse("db", "init")
            guard made.status == 0 else { throw StageFailure("db init ended with \(made.status): \(made.errors)") }
            try await test(gatehouse)
        }
    }
}
