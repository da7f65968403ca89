import JOSE
import OAuth

/// Asks people, by pages of the authorization server, for what must not pass through the model or the client.
///
/// An elicitation belongs to the person, the client and the session of the access that it was made for.
public struct Elicitations: Sendable {
    let authority: ElicitationAuthority

    /// The credentials are those that `gatehouse resources add` printed.
    public init(
        _ configuration: ProtectedResourceConfiguration, clientID: String, clientSecret: String
    ) throws(InvalidConfiguration) {
        authority = try ElicitationAuthority(configuration, clientID: clientID, clientSecret: clientSecret)
    }

    /// Makes an elicitation for the person behind an access, or finds the one that already asks the same.
    public func create(
        _ request: ElicitationRequest, for access: Access
    ) async throws(ElicitationError) -> Elicitation {
        guard let token = access.token else { throw Self.tokenless }
        // Sent again it finds the same elicitation, so a kept connection may be used.
        let verb = AuthorizationServerConnection.Verb.post(request.body(subjectToken: token), repeatable: true)
        return try Self.elicitation(await authority.ask(verb, "/elicitations"))
    }

    /// How far it is; waits up to `seconds` (at most 30) for the end before it answers.
    public func status(of id: String, waiting seconds: Int = 0) async throws(ElicitationError) -> Elicitation {
        guard seconds > 0 else { return try Self.elicitation(await authority.ask(.get, Self.path(id))) }
        return try Self.elicitation(await authority.ask(.await, Self.path(id) + "?wait=\(min(seconds, 30))"))
    }

    /// Takes it back; one that has ended stays as it ended.
    @discardableResult
    public func cancel(_ id: String) async throws(ElicitationError) -> Elicitation {
        try Self.elicitation(await authority.ask(.delete, Self.path(id)))
    }

    static let tokenless = ElicitationError(
        .invalidSubjectToken, "This access came without the token that has to be shown.")

    static func path(_ id: String) -> String { "/elicitations/" + PercentEncoding.encode(id) }

    static func elicitation(_ object: JSONObject) throws(ElicitationError) -> Elicitation {
        guard let elicitation = Elicitation(object) else {
            throw ElicitationError(.unavailable, "The authorization server's answer describes no elicitation.")
        }
        return elicitation
    }
}
