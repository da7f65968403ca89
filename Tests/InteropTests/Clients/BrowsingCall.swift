import Foundation
import TestSupport

/// A run of `gatehouse call` on a machine whose browser notes what it is told to open.
struct BrowsingCall: Sendable {
    let stage: Stage
    let process: ChildProcess
    let terminal: PseudoTerminal?

    /// Starts it on a terminal in which this is typed already, or without one.
    static func start(_ arguments: [String], typed: String?, on stage: Stage) throws -> BrowsingCall {
        let script = "#!/bin/sh\nprintf '%s\\n' \"$1\" >> \(stage.path("opened"))\n"
        let opener = try stage.write(script, to: "xdg-open")
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: opener)
        let terminal = try typed.map { try PseudoTerminal(typed: $0) }
        let process = try ChildProcess(
            Workspace.program("gatehouse"), ["call"] + arguments, environment: ["PATH": stage.directory],
            input: terminal?.side() ?? FileHandle.nullDevice, output: stage.logFile("call"),
            errors: terminal?.side() ?? stage.logFile("call-errors"))
        stage.adopt(process)
        return BrowsingCall(stage: stage, process: process, terminal: terminal)
    }

    /// What the browser was told to open so far.
    func opened() -> [String] {
        let text = (try? String(contentsOfFile: stage.path("opened"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    /// The link at this position, once the browser has it.
    func link(_ position: Int) async throws -> String {
        await eventually { opened().count > position || !process.isRunning }
        guard opened().count > position else { throw StageFailure("no link: \(try log())") }
        return opened()[position]
    }

    /// What it printed on standard error, once.
    func log() throws -> String { try terminal?.shown() ?? stage.log("call-errors") }
}
