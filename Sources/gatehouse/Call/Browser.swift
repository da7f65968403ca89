import Foundation

/// The browser of the system's user. It is opened, never steered: what happens on a page is the user's.
struct Browser: Sendable {
    /// Whether links are printed only.
    let isPrintOnly: Bool

    /// The programs that open a link in the user's browser, by system.
    private static let openers = ["xdg-open", "open", "wslview"]

    /// Prints a link with the reason, and opens it if the system has a program for that.
    func open(_ url: String, reason: String) {
        Terminal.printNotice("\(reason)\n\n  \(Terminal.sanitised(url))\n")
        guard !isPrintOnly, let opener = Self.openers.lazy.compactMap(Self.found).first else { return }
        let process = Process()
        process.executableURL = URL(filePath: opener)
        process.arguments = [url]
        // The program's own messages would mix with the output of the command.
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try? process.run()
    }

    private static func found(_ name: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.lazy.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
