import ArgumentParser
import AuthorizationServer
import OAuth
import Testing

@testable import gatehouse

@Suite("clients add")
struct ClientAddCommandTests {
    private func draft(_ arguments: [String]) throws -> ClientDraft? {
        let configuration = try ServerConfiguration.load(file: nil)
        guard case .clients(.add(let draft)) = try Clients.Add.parse(arguments).request(configuration) else {
            return nil
        }
        return draft
    }

    @Test func `--own-scheme is repeatable`() throws {
        let arguments = ["--name", "Notes", "--redirect-uri", "acme:/cb", "--own-scheme", "acme", "--own-scheme", "b"]
        #expect(try draft(arguments)?.ownSchemes == ["acme", "b"])
        #expect(try draft(["--name", "N", "--redirect-uri", "https://a.example/cb"])?.ownSchemes == [])
    }

    @Test func `--require-par registers a client that must push its requests`() throws {
        let arguments = ["--name", "Notes", "--redirect-uri", "https://a.example/cb"]
        #expect(try draft(arguments)?.requirements == [])
        #expect(try draft(arguments + ["--require-par"])?.requirements == [.pushedRequests])
    }

    @Test func `--dpop registers a client whose tokens are bound to a key, by itself or for users`() throws {
        let arguments = ["--name", "Notes", "--redirect-uri", "https://a.example/cb"]
        #expect(try draft(arguments)?.requirements == [])
        #expect(try draft(arguments + ["--dpop"])?.requirements == [.boundTokens])
        let service = ["--name", "N", "--service", "--resource", "https://a.example/mcp", "--scope", "a", "--dpop"]
        #expect(try draft(service)?.requirements == [.boundTokens])
    }

    @Test func `the help names the known schemes, --own-scheme and pinning`() {
        let help = Clients.Add.helpMessage(columns: 200).split { $0.isWhitespace }.joined(separator: " ")
        for word in OwnScheme.known + ["--own-scheme", "pinned"] {
            #expect(help.contains(word), "\(word)")
        }
    }
}
