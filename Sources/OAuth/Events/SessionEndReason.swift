/// Why a session ended, by the name under which it is stored, shown and audited.
///
/// A struct, because rows of a later version may name reasons that this one does not know.
package struct SessionEndReason: RawRepresentable, Hashable, Sendable {
    package let rawValue: String

    /// Takes a stored name, known or not.
    package init(rawValue: String) { self.rawValue = rawValue }

    package static let expired = SessionEndReason(rawValue: "expired")
    package static let neverRedeemed = SessionEndReason(rawValue: "never_redeemed")
    package static let replaced = SessionEndReason(rawValue: "replaced")
    package static let codeReplayed = SessionEndReason(rawValue: "code_replayed")
    package static let refreshTokenReused = SessionEndReason(rawValue: "refresh_token_reused")
    package static let revokedByPerson = SessionEndReason(rawValue: "revoked_by_person")
    package static let revokedByClient = SessionEndReason(rawValue: "revoked_by_client")
    package static let revokedByResource = SessionEndReason(rawValue: "revoked_by_resource")
    package static let revokedByAdmin = SessionEndReason(rawValue: "revoked_by_admin")
    package static let userDisabled = SessionEndReason(rawValue: "user_disabled")
    package static let clientBlocked = SessionEndReason(rawValue: "client_blocked")
    package static let clientRemoved = SessionEndReason(rawValue: "client_removed")
    package static let permissionWithdrawn = SessionEndReason(rawValue: "permission_withdrawn")
    package static let resourceRemoved = SessionEndReason(rawValue: "resource_removed")
    /// An administrator withdrew every scope of the session from the MCP server.
    package static let scopesWithdrawn = SessionEndReason(rawValue: "scopes_withdrawn")
    /// An administrator took the MCP server from those that the client may request access to.
    package static let resourceWithdrawn = SessionEndReason(rawValue: "client_resource_withdrawn")
    /// An administrator removed the redirect URI of the approval before the client redeemed its code.
    package static let redirectRemoved = SessionEndReason(rawValue: "redirect_removed")
    package static let hostExcluded = SessionEndReason(rawValue: "client_host_excluded")
    /// The access rule of the MCP server lists neither the user nor a group of the user any more.
    package static let accessLost = SessionEndReason(rawValue: "access_lost")
    /// The identity provider stated the user's groups too long ago.
    package static let groupsOutdated = SessionEndReason(rawValue: "groups_outdated")

    /// The user signed out at the identity provider, whose logouts revoke sessions.
    package static let signedOutUpstream = SessionEndReason(rawValue: "signed_out_upstream")

    /// Whether the session expired; everything else revoked it.
    package var isExpiry: Bool { self == .expired || self == .neverRedeemed }

    /// The reason in one English sentence, for the administrator of an MCP server. It names no user and quotes nobody,
    /// because the event leaves Gatehouse.
    package var sentence: String { Self.sentences[self] ?? "The session was ended." }

    private static let sentences: [SessionEndReason: String] = [
        .replaced: "The person approved a new session in place of this one.",
        .codeReplayed: "The authorization code was redeemed twice.",
        .refreshTokenReused: "A superseded refresh token was used again.",
        .revokedByPerson: "The person ended the session.",
        .revokedByClient: "The client gave up its tokens.",
        .revokedByResource: "The MCP server ended the session.",
        .revokedByAdmin: "An administrator ended the session.",
        .userDisabled: "An administrator disabled the account.",
        .clientBlocked: "An administrator blocked the client.",
        .clientRemoved: "An administrator removed the client.",
        .permissionWithdrawn: "The client's permission allows less than the session did.",
        .resourceRemoved: "An administrator removed the MCP server.",
        .scopesWithdrawn: "An administrator withdrew every scope of the session from the MCP server.",
        .resourceWithdrawn: "An administrator closed the MCP server to the client.",
        .redirectRemoved: "An administrator removed the redirect URI of the approval.",
        .hostExcluded: "An administrator closed the MCP server to the client's host.",
        .accessLost: "The user lost access to the MCP server.",
        .signedOutUpstream: "The person signed out at the identity provider.",
        .groupsOutdated: "The groups of the user have to be confirmed by a new sign-in.",
    ]
}
