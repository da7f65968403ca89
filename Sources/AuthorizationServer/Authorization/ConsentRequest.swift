package import OAuth

/// The content of the consent page; nothing in it comes from the browser.
package struct ConsentRequest: Sendable {
    /// One scope that the client requests, and that the user decides about.
    package struct RequestedScope: Sendable {
        /// The scope as the wire spells it.
        package let scope: Scope
        /// The operator's sentence for the scope, shown to the user.
        package let description: String
        /// The tools of the MCP server that the scope unlocks.
        /// The tools that are shown here; none for a scope with a choice of its own.
        package let tools: [ToolName]
        /// The scopes that come with this one.
        package let included: [IncludedScope]
        /// The descriptions of the wider requested scopes that include this one.
        package let isPartOf: [String]
        /// Whether the scope allows what no live session of this user, client and MCP server allows.
        package let isNew: Bool
    }

    /// One scope that comes with another.
    package struct IncludedScope: Sendable {
        /// The scope as the wire spells it.
        package let scope: Scope
        /// The operator's sentence for the scope.
        package let description: String
        package let tools: [ToolName]
    }

    /// The MCP server that the client requests access to, and its owner.
    package struct RequestedResource: Sendable {
        /// The MCP server's id at this server.
        package let id: ResourceID
        /// The MCP server's URL.
        package let identifier: ResourceIdentifier
        /// The registered name, from an operator and so trustworthy.
        package let name: String
        /// The registered owner, who answers for the MCP server.
        package let owner: String
    }

    /// What the user chose on this page before it is shown again.
    package struct EarlierChoice: Sendable {
        /// The ticked scopes.
        package let scope: ScopeSet
        /// In seconds; nil when no length was chosen.
        package let lifetime: Int64?
        /// The earlier sessions that were ticked.
        package let replaces: Set<SessionID>
    }

    /// A live session of the same client at the same MCP server and redirect, approved in the same browser.
    package struct EarlierSession: Sendable {
        /// The session that would be replaced.
        package let id: SessionID
        /// The scopes of the earlier session.
        package let scope: ScopeSet
        /// When the earlier session was approved.
        package let createdAt: Timestamp
        /// Host and port of its redirect: two windows of a program on this computer differ in their port.
        package let place: String
    }

    /// How many earlier sessions the page offers to replace: the newest.
    static let mostReplaceable = 5

    /// The interaction that the page decides.
    package let interaction: InteractionID
    /// The value that a decision has to bring back.
    package let token: String
    /// The client that requests access.
    package let client: ShownClient
    /// The product whose users share the redirect of a client that registered itself, so that any of them could have sent the
    /// request; nil for a redirect that is not known to be shared.
    package let redirectIsSharedBy: String?
    /// The verified redirect, whose place the page shows; nil for a client on a device.
    package let redirect: RedirectURI?
    /// The device on which the client runs; nil for a client with a redirect.
    package let device: WaitingDevice?
    /// Whether every redirect of the client leads to the user's own machine, where any program may answer.
    package let isLoopbackOnly: Bool
    /// The MCP server of the request.
    package let resource: RequestedResource
    /// The choices of the page, in the order of the request.
    package let scopes: [RequestedScope]
    /// The descriptions of the requested scopes that the user may not have.
    package let leftOut: [String]
    /// Every scope that the session would have if the user allowed each of `scopes`.
    package let all: ScopeSet
    /// How long the session may last, by the policy in force now.
    package let terms: SessionTerms
    /// The account that decides, so that the user notices a wrong one.
    package let username: String
    package private(set) var kept: EarlierChoice?
    /// The earlier sessions that the new one may replace, the newest first.
    package let replaceable: [EarlierSession]
    /// Whether the client's document differs from the one that the user last approved.
    ///
    /// Spec: Client ID Metadata Document §8
    package let hasChanged: Bool
    /// Whether the user has approved this client for this MCP server in a session that is live.
    package let isStepUp: Bool

    /// The same page with what was chosen on it: a box that was unticked stays unticked.
    func keeping(_ form: ConsentForm) -> ConsentRequest {
        var request = self
        request.kept = EarlierChoice(scope: form.scope, lifetime: form.lifetime, replaces: form.replaces)
        return request
    }

    /// Whether the box to replace an earlier session starts out ticked: only for a single earlier session that holds less than
    /// the new one. Of several sessions, each may belong to a window that is in use.
    package func isTicked(_ earlier: EarlierSession) -> Bool {
        if let kept { return kept.replaces.contains(earlier.id) }
        return replaceable.count == 1 && !all.isSubset(of: earlier.scope)
    }
}
