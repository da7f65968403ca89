import JOSE
import MCPClient
import OAuth
import Synchronization

/// The client for a reader with a browser: one link, a sign-in, and the tool's result on the page after it.
final class Visit: Sendable {
    private let notebook: Notebook
    private let pending = Mutex<[String: (AuthorizationAttempt, Discovery)]>([:])

    init(_ notebook: Notebook) {
        self.notebook = notebook
    }

    var replies: CallbackListener.BrowserReplies {
        CallbackListener.BrowserReplies(begin: begin, welcome: welcome)
    }

    /// Starts an authorization and remembers it by its state.
    @Sendable private func begin() async throws -> String {
        guard let challenge = try await notebook.call("list_files", token: nil).challenge else {
            throw StoryFailure(expected: "a challenge", found: "the response has none")
        }
        let discovery = try await notebook.discover(challenge)
        let authorization = notebook.authorization(discovery, scope: challenge["scope"] ?? "")
        pending.withLock { pending in
            // A bound on memory: a reader opens the link a few times.
            if pending.count > 100 { pending = [:] }
            pending[authorization.state] = (authorization, discovery)
        }
        return authorization.address
    }

    /// Finishes the authorization of a returning browser and calls a tool with the token.
    @Sendable private func welcome(_ answer: Parameters) async throws -> String {
        let state = try answer.value("state") ?? ""
        guard let (authorization, discovery) = pending.withLock({ $0.removeValue(forKey: state) }) else {
            throw StoryFailure(expected: "a response to one of our requests", found: "its state is unknown")
        }
        let code = try authorization.code(in: answer, from: discovery.issuer)
        let tokens = try await notebook.redeem(code, of: authorization, at: discovery)
        let files = try await notebook.call("list_files", token: tokens.access)
        return """
            The client has a token for \(tokens.claims["aud"]?.string ?? "") with the scope \(tokens.scope).

            list_files returned: \(files.text ?? "status \(files.status)")

            The session is \(tokens.claims["sid"]?.string ?? "").
            """
    }
}
