import Foundation

/// A file of this repository, by its path from the root.
struct RepositoryFile: Sendable {
    let path: String
    let text: String

    /// The lines, without their ends.
    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    /// The name without folder and extension.
    var baseName: String { URL(filePath: path).deletingPathExtension().lastPathComponent }
}

/// The working tree that these tests were built from.
enum Repository {
    /// The folder that holds `Package.swift`.
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The files below a folder that end as asked, in a stable order.
    static func files(under folder: String, ending: String) -> [RepositoryFile] {
        let base = root.appending(path: folder)
        let names = FileManager.default.enumerator(atPath: base.path(percentEncoded: false))?.compactMap {
            $0 as? String
        }
        return (names ?? []).sorted().filter { $0.hasSuffix(ending) }.compactMap { file(folder + "/" + $0) }
    }

    /// One file by its path from the root.
    static func file(_ path: String) -> RepositoryFile? {
        guard let text = try? String(contentsOf: root.appending(path: path), encoding: .utf8) else { return nil }
        return RepositoryFile(path: path, text: text)
    }

    /// The text of a file by its path from the root; empty for one that holds no text.
    static func content(_ path: String) -> String? {
        guard FileManager.default.fileExists(atPath: root.appending(path: path).path(percentEncoded: false)) else {
            return nil
        }
        return file(path)?.text ?? ""
    }

    /// The folders directly below a folder.
    static func folders(in folder: String) -> [String] {
        let base = root.appending(path: folder)
        let found = try? FileManager.default.contentsOfDirectory(
            at: base, includingPropertiesForKeys: [.isDirectoryKey])
        return (found ?? []).filter(\.hasDirectoryPath).map(\.lastPathComponent).sorted()
    }

    /// The text files that git tracks.
    static func tracked() throws -> [RepositoryFile] {
        let git = Process()
        git.executableURL = URL(filePath: "/usr/bin/env")
        git.arguments = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
        git.currentDirectoryURL = root
        let output = Pipe()
        git.standardOutput = output
        try git.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        git.waitUntilExit()
        return String(decoding: bytes, as: UTF8.self).split(separator: "\0").compactMap { file(String($0)) }
    }
}
