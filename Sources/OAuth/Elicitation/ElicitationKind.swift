package import JOSE

/// The kinds of elicitations: what an MCP server can ask a user to do on a page of Gatehouse.
package enum ElicitationKind: String, Hashable, Sendable, CaseIterable, Comparable {
    /// Approve one described action.
    case confirm
    /// Fill in fields that only the MCP server reads.
    case secret
    /// Connect an account at a provider.
    case connect
    /// Go on to a page of the MCP server, after a sign-in.
    case external

    /// The type of a request of this kind.
    package var ask: any ElicitationKindRequest.Type {
        switch self {
        case .confirm: ConfirmRequest.self
        case .secret: SecretRequest.self
        case .connect: ConnectAccountRequest.self
        case .external: ExternalRequest.self
        }
    }

    /// Reads the members of this kind from a request or from the database; a member of another kind is refused.
    package func read(_ json: JSONObject) throws(OAuthError) -> any ElicitationKindRequest {
        let reader = MemberReader(json)
        for other in Self.allCases where other != self {
            for member in other.ask.members where reader.value(member) != nil {
                throw reader.refusal(member, "does not belong to the kind \(rawValue); omit it.")
            }
        }
        return try ask.init(json: json)
    }

    /// Compares by the order of the cases, in which lists name the kinds.
    package static func < (one: Self, other: Self) -> Bool {
        allCases.firstIndex(of: one) ?? 0 < allCases.firstIndex(of: other) ?? 0
    }
}

/// The status of an elicitation; the last five are final.
package enum ElicitationStatus: String, Hashable, Sendable, CaseIterable {
    /// The user has not opened the page.
    case pending
    /// The user has opened the page.
    case opened
    /// The user did what was asked.
    case completed
    /// The user declined.
    case declined
    /// The MCP server, an administrator or the end of the session cancelled it.
    case cancelled
    /// The time for an answer is over.
    case expired
    /// It could not be carried out.
    case failed

    /// Whether the user can still decide.
    package var isOpen: Bool { self == .pending || self == .opened }
    /// Whether the status never changes again.
    package var isFinal: Bool { !isOpen }
}
