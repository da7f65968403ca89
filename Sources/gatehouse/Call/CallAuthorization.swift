import AuthorizationServer
import JOSE
import MCPClient
import OAuth
import Outbound

/// Gets a token for one MCP server, by a sign-in of the user in the browser. The token is kept in memory alone.
struct CallAuthorization {
    let lookup: ProtectedResourceLookup
    let client: OperatorClient
    let browser: Browser
    /// The client id of the command line; nil to use what the authorization server offers.
    let clientID: String?
    /// The scopes of the command line; nil to ask for those of the challenge.
    let scope: String?

    private static let name = "gatehouse call"

    /// A token for what a challenge demands, besides the scopes of an earlier token.
    func token(for challenge: ReceivedChallenge?, besides earlier: String?) async throws -> (
        token: Secret, scope: String?
    ) {
        let discovery = try await Discovery.follow(challenge, from: lookup)
        let listener = try await RedirectListener.start()
        defer { listener.stop() }
        let requests = TokenRequest(discovery, from: lookup, by: client)
        let id = try await identity(discovery, requests, redirect: listener.redirect)
        let wanted = Self.joined(
            earlier, scope ?? challenge?["scope"] ?? discovery.resource.scopesSupported.joined(separator: " "))
        let attempt = AuthorizationAttempt(discovery, clientID: id, redirect: listener.redirect, scope: wanted)
        // The endpoint comes from a document, and leads the user's browser.
        _ = try lookup.named(discovery.authorizationEndpoint)
        browser.open(attempt.address, reason: "Sign in at \(discovery.issuer) and decide about this client:")
        let response = try await listener.response(to: attempt)
        let code: String
        do {
            code = try attempt.code(in: response, from: discovery.issuer)
        } catch let error as OAuthError {
            throw CommandError("The response of the authorization server cannot be read. \(error.description)")
        }
        let token = try await requests.redeem(code, of: attempt, clientID: id, redirect: listener.redirect)
        return (token, wanted)
    }

    /// The client id: the given one, that of the test client of a server for trying things, or a registration's.
    private func identity(
        _ discovery: Discovery, _ requests: TokenRequest, redirect: String
    ) async throws -> String {
        if let clientID { return clientID }
        if let test = discovery.metadata[TestClient.member]?.object?["client_id"]?.string { return test }
        return try await requests.register(Self.name, redirect: redirect)
    }

    private static func joined(_ one: String?, _ other: String) -> String {
        var words: [Substring] = []
        for word in ((one ?? "") + " " + other).split(separator: " ") where !words.contains(word) { words.append(word) }
        return words.joined(separator: " ")
    }
}
