import JOSE
import OAuth

/// Creates and tracks requests to users on pages of the authorization server, for what must not pass through model or client.
///
/// An elicitation belongs to the user, client and session of the access that it is created for.
public struct Elicitations: Sendable {
    let authority: ElicitationAuthority

    /// Makes the client. `gatehouse resources add` prints the credentials.
    public init(
        _ configuration: ProtectedResourceConfiguration, clientID: String, clientSecret: String
    ) throws(InvalidConfiguration) {
        authority = try ElicitationAuthority(
            configuration, credentials: .secret(BasicCredentials(clientID: clientID, clientSecret: clientSecret)))
    }

    /// Makes the client of an MCP server with a key, whose public half `gatehouse resources add --jwks` registered.
    public init(
        _ configuration: ProtectedResourceConfiguration, clientID: String, privateKey: ServerPrivateKey
    ) throws(InvalidConfiguration) {
        let key = try KeyCredentials(
            clientID: clientID, issuer: configuration.parties.issuer, privateKey: privateKey)
        authority = try ElicitationAuthority(configuration, credentials: .key(key))
    }

    /// Creates an elicitation for the user of an access, or returns the open one with the same request.
    public func create(
        _ request: ElicitationRequest, for access: Access
    ) async throws(ElicitationError) -> Elicitation {
        let token = try access.userToken
        // A repeated request returns the same elicitation, so it may be sent again.
        let verb = AuthorizationServerConnection.Verb.post(request.body(subjectToken: token), repeatable: true)
        return try Self.elicitation(await authority.ask(verb, "/elicitations"))
    }

    /// The current state. Waits up to `seconds` (at most 30) for a final one.
    public func status(of id: String, waiting seconds: Int = 0) async throws(ElicitationError) -> Elicitation {
        // A long poll uses connections of its own, so that short requests never wait for it.
        guard seconds > 0 else { return try Self.elicitation(await authority.ask(.get, Self.path(id))) }
        return try Self.elicitation(await authority.ask(.await, Self.path(id) + "?wait=\(min(seconds, 30))"))
    }

    /// Cancels an elicitation; a final one stays unchanged.
    @discardableResult
    public func cancel(_ id: String) async throws(ElicitationError) -> Elicitation {
        try Self.elicitation(await authority.ask(.delete, Self.path(id)))
    }

    static let userless = ElicitationError(
        .noUser, "The client acts for itself, so there is no user. Check isClient of the access first.")
    static let tokenless = ElicitationError(
        .invalidSubjectToken, "The access has no token to present.")

    static func path(_ id: String) -> String { "/elicitations/" + PercentEncoding.encode(id) }

    static func elicitation(_ object: JSONObject) throws(ElicitationError) -> Elicitation {
        guard let elicitation = Elicitation(object) else {
            throw ElicitationError(.unavailable, "The authorization server's response is not an elicitation.")
        }
        return elicitation
    }
}

extension Access {
    /// The token of a user, for a request that needs one. Throws `noUser` for a client that acts for itself, without a request.
    var userToken: PresentedToken {
        get throws(ElicitationError) {
            guard !isClient else { throw Elicitations.userless }
            guard let token else { throw Elicitations.tokenless }
            return token
        }
    }
}
