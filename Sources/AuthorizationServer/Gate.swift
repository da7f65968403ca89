import OAuth
import Storage

/// The one gate in front of every token: account, client, MCP server and session must all be in good standing.
///
/// Every grant passes here inside its own transaction, and so does introspection; a rule that is added here holds everywhere.
enum Gate {
    /// Why nothing may be issued to this session now, or nil. The order is policy: what a person can mend comes first.
    static func refusal(_ session: SessionGrant, now: Timestamp) -> OAuthError? {
        for rule in rules {
            if let reason = rule(session, now) {
                return OAuthError(
                    .invalidGrant, "This session has ended; the person has to approve the client again.", reason: reason
                )
            }
        }
        return nil
    }

    private static let rules: [@Sendable (SessionGrant, Timestamp) -> String?] = [
        accountIsEnabled, clientIsNotBlocked, hostIsLetIn, resourceIsServed, sessionIsLive,
    ]

    private static func accountIsEnabled(_ session: SessionGrant, _: Timestamp) -> String? {
        session.userIsDisabled ? "the account is disabled" : nil
    }

    private static func clientIsNotBlocked(_ session: SessionGrant, _: Timestamp) -> String? {
        session.clientIsBlocked ? "the client is blocked" : nil
    }

    private static func hostIsLetIn(_ session: SessionGrant, _: Timestamp) -> String? {
        session.hostIsExcluded ? "the MCP server's policy excludes the client's host" : nil
    }

    private static func resourceIsServed(_ session: SessionGrant, _: Timestamp) -> String? {
        session.resourceIsGone ? "the MCP server was removed" : nil
    }

    private static func sessionIsLive(_ session: SessionGrant, _ now: Timestamp) -> String? {
        session.isLive(at: now) ? nil : "the session is \(session.state.rawValue)"
    }
}
