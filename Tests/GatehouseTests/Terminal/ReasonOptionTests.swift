import ArgumentParser
import Testing

@testable import gatehouse

@Suite("--reason")
struct ReasonOptionTests {
    /// The commands that change nothing in the database of a server, or that start a program.
    private static let readers: Set<String> = [
        "list", "show", "test", "tail", "verify", "check", "report", "access", "doctor", "init", "serve", "dev", "call",
        "ready", "export", "export-config", "man", "completion",
    ]

    /// Every command without subcommands, by its words.
    private static func leaves(_ command: any ParsableCommand.Type, _ words: [String]) -> [(
        String, any ParsableCommand.Type
    )] {
        let nested = command.configuration.subcommands
        guard !nested.isEmpty else { return [(words.joined(separator: " "), command)] }
        return nested.flatMap { leaves($0, words + [$0.configuration.commandName ?? ""]) }
    }

    @Test func `every command that changes something takes a reason`() {
        let all = Self.leaves(GatehouseCommand.self, [])
        #expect(all.count > 60)
        for (name, command) in all where !Self.readers.contains(name.split(separator: " ").last.map(String.init) ?? "")
        {
            #expect(GatehouseCommand.helpMessage(for: command).contains("--reason"), "\(name)")
        }
    }
}
