package import JOSE

/// What an MCP server may ask a person to do on a page of Gatehouse.
package enum ElicitationKind: String, Hashable, Sendable, CaseIterable, Comparable {
    /// Approve one described action.
    case confirm
    /// Fill in fields that only the MCP server will read.
    case secret
    /// Connect an account at a third party.
    case connect
    /// Go on to a page of the MCP server's, after the person was checked.
    case external

    /// The type that reads what a request of this kind asks.
    package var ask: any ElicitationKindRequest.Type {
        switch self {
        case .confirm: ConfirmRequest.self
        case .secret: SecretRequest.self
        case .connect: ConnectAccountRequest.self
        case .external: ExternalRequest.self
        }
    }

    /// Reads the members of this kind out of a request, or out of what was kept of one; a member of another kind is refused.
    package func read(_ json: JSONObject) throws(OAuthError) -> any ElicitationKindRequest {
        let reader = MemberReader(json)
        for other in Self.allCases where other != self {
            for member in other.ask.members where reader.value(member) != nil {
                throw reader.refusal(member, "does not belong to the kind \(rawValue); leave it out.")
            }
        }
        return try ask.init(json: json)
    }

    /// In the order in which the kinds are named everywhere.
    package static func < (one: Self, other: Self) -> Bool {
        allCases.firstIndex(of: one) ?? 0 < allCases.firstIndex(of: other) ?? 0
    }
}

/// Where an elicitation stands; the last five are final.
package enum ElicitationStatus: String, Hashable, Sendable, CaseIterable {
    /// Nobody has looked at it.
    case pending
    /// The right person has seen it.
    case opened
    /// The person did what was asked.
    case completed
    /// The person said no.
    case declined
    /// The MCP server, an administrator or the end of the session took it back.
    case cancelled
    /// Its time ran out.
    case expired
    /// It could not be carried out.
    case failed

    /// Whether the person can still act.
    package var isOpen: Bool { self == .pending || self == .opened }
    /// Whether it stays as it is for good.
    package var isFinal: Bool { !isOpen }
}
