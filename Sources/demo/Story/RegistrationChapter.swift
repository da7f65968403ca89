import JOSE
import MCPClient

/// A client without a metadata document: it registers itself, and acts once the user has approved it.
extension Story {
    /// Registers a client twice, sends the user to its consent page, and calls a tool with its token.
    func registerItself(_ discovery: Discovery) async throws {
        narrator.step("Another client has no metadata document and registers itself")
        guard let endpoint = discovery.registrationEndpoint else {
            throw StoryFailure(expected: "a registration_endpoint", found: "the metadata lacks it")
        }
        let id = try await notebook.register("Demo Terminal", at: endpoint)
        narrator.fact("POST /register", "201, client_id \(id.prefix(12))…")
        guard try await notebook.register("Demo Terminal", at: endpoint) == id else {
            throw StoryFailure(expected: "the same client again", found: "the second registration gave another one")
        }
        narrator.fact("and once more", "the same client: no second row")
        let terminal = notebook.known(as: id)
        let tokens = try await authorize(
            terminal, discovery, scope: "files:read", page: ["Demo Terminal", "Registered itself", "Not verified"],
            isShown: "\"Demo Terminal\", registered itself, not verified")
        let answer = try await terminal.call("list_files", token: tokens.access)
        guard answer.status == 200, let text = answer.text else {
            throw StoryFailure(expected: "list_files to answer", found: "the status was \(answer.status)")
        }
        narrator.fact("list_files", text)
    }
}
