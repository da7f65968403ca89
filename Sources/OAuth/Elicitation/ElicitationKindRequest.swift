package import JOSE

/// What an MCP server asks of a person: the members of a request that belong to one kind.
package protocol ElicitationKindRequest: Hashable, Sendable {
    /// The kind whose members these are.
    static var kind: ElicitationKind { get }
    /// The names of the members. A request of another kind that has one of them is refused.
    static var members: [String] { get }
    /// Whether the MCP server computes the digest as well, so that answers and events carry it.
    static var sharesDigest: Bool { get }

    /// Reads the members out of a request, or out of what `json` wrote.
    init(json: JSONObject) throws(OAuthError)

    /// The members, as they are kept.
    var json: JSONObject { get }

    /// The digest that names the question under its message: the same question in the same session is found by it.
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
