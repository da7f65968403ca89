import Foundation
import TestSupport

/// A power cut that comes to a server by itself: what `Tests/PowerCut` simulates inside its process.
struct PowerCut: Sendable, CustomStringConvertible {
    /// The write or sync that it comes in place of, counted from the server's start.
    let after: Int
    /// What decides which unsynced sectors survive.
    let seed: UInt64
    /// Whether the disk lies: it says that the write-ahead log is synced and has done nothing.
    var lies = false

    var description: String { "POWERCUT_AFTER=\(after) POWERCUT_SEED=\(seed)" }

    /// What a server has to be started with.
    func environment(on stage: Stage) async throws -> [String: String] {
        var environment = [
            "LD_PRELOAD": try await Self.library(on: stage), "POWERCUT_FOLDER": stage.path("var/"),
            "POWERCUT_AFTER": String(after), "POWERCUT_SEED": String(seed),
        ]
        if lies { environment["POWERCUT_LIAR"] = "1" }
        return environment
    }

    private static func library(on stage: Stage) async throws -> String {
        let (library, log) = (stage.path("powercut.so"), try stage.logFile("cc"))
        guard !FileManager.default.fileExists(atPath: library) else { return library }
        let compiler = try ChildProcess(
            "/usr/bin/env",
            ["cc", "-shared", "-fPIC", "-O1", "-o", library, "\(Workspace.root)/Tests/PowerCut/powercut.c", "-ldl"],
            output: log, errors: log)
        stage.adopt(compiler)
        guard try await compiler.end() == 0 else {
            throw StageFailure("the C compiler did not make powercut.so: `make tools` installs one")
        }
        return library
    }
}
