import Foundation

/// The browser of the system's user. It is opened, never steered: what happens on a page is the user's.
struct Browser: Sendable {
    /// Whether links are printed only.
    let isPrintOnly: Bool
    /// Whether links of others are opened without a question.
    let isTrusting: Bool

    /// The programs that open a link in the user's browser, by system.
    private static let openers = ["xdg-open", "open", "wslview"]

    /// Prints a link with the reason, and opens it if the system has a program for that.
    func open(_ url: String, reason: String) {
        show(url, reason: reason)
        if let opener { start(opener, url) }
    }

    /// Prints a link that somebody else chose, and opens it after the user's yes. Without a terminal it is printed only. Returns
    /// whether the user has the link and did not refuse it.
    func offer(_ url: String, reason: String) -> Bool {
        show(url, reason: reason)
        guard let opener, isTrusting || Terminal.isInteractive else { return true }
        guard isTrusting || Terminal.confirms("Open this link in your browser? [y/N] ") else { return false }
        start(opener, url)
        return true
    }

    private func show(_ url: String, reason: String) {
        Terminal.printNotice("\(reason)\n\n  \(Terminal.sanitised(url))\n")
    }

    /// The program that opens links; nil if they are only printed.
    private var opener: String? {
        isPrintOnly ? nil : Self.openers.lazy.compactMap(Self.found).first
    }

    private func start(_ opener: String, _ url: String) {
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
