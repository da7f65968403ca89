package import JOSE

/// What is asked of the person, by its kind.
package enum ElicitationAsk: Hashable, Sendable {
    /// Approve this action.
    case confirm(ElicitationAction)
    /// Fill in these fields.
    case secret(RequestedSchema)
    /// Connect an account at this provider, with these scopes or those that the provider's rule for the MCP server has.
    case connect(provider: String, scope: ScopeSet?)
    /// Go on to this page.
    case external(url: String)

    /// Its kind.
    package var kind: ElicitationKind {
        switch self {
        case .confirm: .confirm
        case .secret: .secret
        case .connect: .connect
        case .external: .external
        }
    }

    /// The members that belong to each kind, and to no other.
    private static let members: [ElicitationKind: [String]] = [
        .confirm: ["action"], .secret: ["requested_schema"], .connect: ["provider", "scope"], .external: ["url"],
    ]

    /// Reads the members of `kind` out of a request, or out of what `json` wrote.
    package init(_ kind: ElicitationKind, json: JSONObject) throws(OAuthError) {
        let reader = MemberReader(json)
        for (other, members) in Self.members where other != kind {
            for member in members where reader.value(member) != nil {
                throw reader.refusal(member, "does not belong to the kind \(kind.rawValue); leave it out.")
            }
        }
        switch kind {
        case .confirm:
            guard let action = try reader.objectIfAny("action") else { throw reader.refusal("action", "is missing.") }
            self = .confirm(try ElicitationAction(json: action))
        case .secret:
            guard let schema = try reader.objectIfAny("requested_schema") else {
                throw reader.refusal("requested_schema", "is missing.")
            }
            self = .secret(try RequestedSchema(json: schema))
        case .connect:
            let provider = try reader.text("provider", limit: 100)
            self = .connect(provider: provider, scope: try Self.scope(reader))
        case .external:
            let url = try reader.text("url", limit: 2000)
            do throws(OAuthValueError) {
                _ = try ExternalURL(url)
            } catch {
                throw reader.refusal("url", error.sentence)
            }
            self = .external(url: url)
        }
    }

    /// The members of its kind, as they are kept.
    package var json: JSONObject {
        switch self {
        case .confirm(let action): ["action": .object(action.json)]
        case .secret(let schema): ["requested_schema": .object(schema.json)]
        case .connect(let provider, nil): ["provider": .string(provider)]
        case .connect(let provider, let scope?): ["provider": .string(provider), "scope": .string(scope.string)]
        case .external(let url): ["url": .string(url)]
        }
    }

    private static func scope(_ reader: MemberReader) throws(OAuthError) -> ScopeSet? {
        guard let text = try reader.textIfAny("scope", limit: 2000) else { return nil }
        do throws(OAuthValueError) {
            return try ScopeSet(parsing: text)
        } catch {
            throw reader.refusal("scope", "cannot be read. \(error.sentence)")
        }
    }
}
