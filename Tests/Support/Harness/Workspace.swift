import Foundation

/// The checked-out project and what was built from it.
package enum Workspace {
    /// The folder that holds `Package.swift`.
    package static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// A program that was built together with these tests.
    package static func program(_ name: String) throws -> String {
        let folder = Bundle.main.executableURL?.deletingLastPathComponent().path ?? "\(root)/.build/debug"
        let candidates = ["\(folder)/\(name)", "\(root)/.build/debug/\(name)"]
        guard let found = candidates.first(where: FileManager.default.isExecutableFile) else {
            throw StageFailure("no program \(name) in \(folder): build it with `swift build --build-tests`")
        }
        return found
    }

    /// The Python that has what `Tests/requirements.txt` names.
    package static func python() throws -> String {
        let path = ProcessInfo.processInfo.environment["TEST_PYTHON"] ?? "\(root)/.venv/bin/python"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw StageFailure("no Python at \(path): `make tools` makes it, or name another one in TEST_PYTHON")
        }
        return path
    }

    /// A script of `Tests/Python`.
    package static func script(_ name: String) -> String { "\(root)/Tests/Python/\(name)" }

    /// The text of a file of the project.
    package static func text(_ path: String) throws -> String {
        try String(contentsOf: URL(filePath: "\(root)/\(path)"), encoding: .utf8)
    }
}
