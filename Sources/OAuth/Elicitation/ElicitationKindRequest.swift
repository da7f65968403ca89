package import JOSE

/// The part of a request that belongs to one kind of elicitation.
package protocol ElicitationKindRequest: Hashable, Sendable {
    /// The kind of the request.
    static var kind: ElicitationKind { get }
    /// The names of the members of this kind. A request of another kind with one of them is refused.
    static var members: [String] { get }
    /// Whether answers and events carry the digest, because the MCP server computes it as well.
    static var sharesDigest: Bool { get }

    /// Reads the members from a request, or from `json` of an earlier one.
    init(json: JSONObject) throws(OAuthError)

    /// The members, as the database keeps them.
    var json: JSONObject { get }

    /// The digest of the request and its message. By it a repeated request finds the elicitation of the first one.
    func digest(message: String) throws(OAuthError) -> Digest
}

extension ElicitationKindRequest {
    package static var sharesDigest: Bool { false }

    package func digest(message: String) throws(OAuthError) -> Digest {
        var named: JSONObject = ["kind": .string(Self.kind.rawValue), "message": .string(message)]
        for (name, value) in json.members { named[name] = value }
        return try ElicitationAction.digest(of: named, called: Self.kind.rawValue)
    }
}
