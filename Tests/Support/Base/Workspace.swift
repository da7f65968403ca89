import Foundation

/// The checkout and its built programs.
package enum Workspace {
    /// The folder that holds `Package.swift`.
    package static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// The path of a program that was built together with these tests.
    package static func program(_ name: String) throws -> String {
        let folder = Bundle.main.executableURL?.deletingLastPathComponent().path ?? "\(root)/.build/debug"
        let candidates = ["\(folder)/\(name)", "\(root)/.build/debug/\(name)"]
        guard let found = candidates.first(where: FileManager.default.isExecutableFile) else {
            throw StageFailure("no program \(name) in \(folder): build it with `swift build --build-tests`")
        }
        return found
    }

    /// The Python interpreter with the packages of `Tests/requirements.txt`.
    package static func python() throws -> String {
        let path = ProcessInfo.processInfo.environment["TEST_PYTHON"] ?? "\(root)/.venv/bin/python"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw StageFailure("no Python at \(path): `make tools` makes it, or name another one in TEST_PYTHON")
        }
        return path
    }

    /// The path of a script in `Tests/Python`.
    package static func script(_ name: String) -> String { "\(root)/Tests/Python/\(name)" }

    /// The content of a file of the checkout.
    package static func text(_ path: String) throws -> String {
        try String(contentsOf: URL(filePath: "\(root)/\(path)"), encoding: .utf8)
    }
}
