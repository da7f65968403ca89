package import OAuth

/// Everything the consent page tells a person; nothing in it comes from the browser.
package struct ConsentRequest: Sendable {
    /// One thing that the client asks to do, and that the person decides about.
    package struct RequestedScope: Sendable {
        package let scope: Scope
        package let description: String
        /// The tools of the MCP server that it unlocks.
        package let tools: [ToolName]
        /// What is allowed along with it, whatever else is.
        package let included: [IncludedScope]
        /// What the wider ones of those asked for are called that allow it as well.
        package let isPartOf: [String]
        /// Whether it allows what no live session of this person, client and MCP server does.
        package let isNew: Bool
    }

    /// One thing that comes with another.
    package struct IncludedScope: Sendable {
        package let scope: Scope
        package let description: String
        package let tools: [ToolName]
    }

    /// The MCP server that the client wants to reach, and who answers for it.
    package struct RequestedResource: Sendable {
        package let id: ResourceID
        package let identifier: ResourceIdentifier
        package let name: String
        package let owner: String
    }

    /// What was chosen on this page before it is shown again.
    package struct EarlierChoice: Sendable {
        package let scopes: Set<String>
        /// As the form spells it.
        package let lifetime: String
        /// The earlier sessions that were ticked.
        package let replaces: Set<String>
    }

    /// A live session of the same client at the same MCP server and redirect, approved in the same browser.
    package struct EarlierSession: Sendable {
        package let id: SessionID
        package let scope: ScopeSet
        package let createdAt: Timestamp
        /// Where it answered: two windows of a program on this computer differ in their port.
        package let place: String
    }

    /// How many of them the page offers to replace: the newest.
    static let mostReplaceable = 5

    package let interaction: InteractionID
    /// The value that a decision has to bring back.
    package let token: String
    package let clientName: String
    /// The host of a metadata document's URL, with its port where that is not 443; nil when an operator registered the client.
    package let clientHost: String?
    package let redirect: RedirectURI
    /// Whether the client can only be reached on the person's own machine, where any program may answer.
    package let isLoopbackOnly: Bool
    package let resource: RequestedResource
    package let scopes: [RequestedScope]
    /// All that would be allowed if every one of them were.
    package let all: ScopeSet
    /// How long the session may last, as things stand now.
    package let terms: SessionTerms
    package let username: String
    package private(set) var kept: EarlierChoice?
    /// The earlier sessions that this one may take the place of, the newest first.
    package let replaceable: [EarlierSession]
    /// Whether what the client says of itself differs from what the person last approved.
    ///
    /// Spec: Client ID Metadata Document §8
    package let hasChanged: Bool
    /// Whether the person has approved this client for this MCP server in a session that still lives.
    package let isStepUp: Bool

    /// The same page with what was sent from it: what somebody unticked stays unticked.
    func keeping(_ decision: ConsentEndpoint.Decision) -> ConsentRequest {
        var request = self
        request.kept = EarlierChoice(
            scopes: Set(decision.scopes), lifetime: decision.lifetime, replaces: Set(decision.replaces))
        return request
    }

    /// Whether the offer to replace an earlier session starts out ticked: when it is the only one, and the new one can do
    /// more. Of several, none: the others may belong to windows that are still at work.
    package func isTicked(_ earlier: EarlierSession) -> Bool {
        if let kept { return kept.replaces.contains(earlier.id.string) }
        return replaceable.count == 1 && !all.isSubset(of: earlier.scope)
    }
}
