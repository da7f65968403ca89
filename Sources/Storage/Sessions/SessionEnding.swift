package import OAuth

/// Why sessions end, at whose will, by whose hand and when. Every cause makes one and hands it to `Sessions.end`, or to
/// `Store.endSessions` for many, which do all the rest: no caller writes a record or queues an event of its own.
package struct SessionEnding: Hashable, Sendable {
    /// At whose will it ends, in the words that MCP servers are told.
    ///
    /// Spec: CAEP §2
    package enum Initiator: String, Hashable, Sendable, CaseIterable {
        /// An administrator decided.
        case admin
        /// The person decided.
        case user
        /// A rule decided, such as that of tokens that come back.
        case policy
        /// A program asked for it, or the time ran out.
        case system
    }

    package let reason: EndReason
    package let initiator: Initiator
    /// Whom the record names as the one who did it.
    package let actor: AuditActor
    /// What an administrator typed, or else what the record says in place of the reason's name; nobody outside reads it.
    package let explanation: String?
    package let at: Timestamp

    /// An end by somebody's decision.
    package init(
        reason: EndReason, initiator: Initiator, actor: AuditActor, explanation: String? = nil, at: Timestamp
    ) {
        self.reason = reason
        self.initiator = initiator
        self.actor = actor
        self.explanation = explanation
        self.at = at
    }

    /// The end that came by itself at a moment; nobody decided it.
    static func byTime(_ reason: EndReason = .expired, at: Timestamp) -> SessionEnding {
        SessionEnding(reason: reason, initiator: .system, actor: .system, at: at)
    }

    /// The same, at another moment.
    func moved(to now: Timestamp) -> SessionEnding {
        SessionEnding(reason: reason, initiator: initiator, actor: actor, explanation: explanation, at: now)
    }
}

extension SessionEnding {
    /// The one record that a session's end leaves.
    func record(of session: Session) -> AuditEntry {
        // What an administrator typed can be erased; Gatehouse's own words name nobody.
        let isTyped = initiator == .admin
        return AuditEntry(
            .sessionEnded, at: at, actor: actor, of: session, outcome: initiator == .policy ? .refused : .success,
            reason: isTyped ? reason.rawValue : explanation ?? reason.rawValue, initiator: source,
            explanation: isTyped ? explanation : nil)
    }

    /// The record of a connection that ended because the last session did.
    func record(of connection: Connection) -> AuditEntry {
        AuditEntry(
            .connectionEnded, at: at, actor: actor, user: connection.userID, resource: connection.resourceID,
            reason: connection.endReason?.rawValue, initiator: source, correlation: connection.id.string)
    }

    /// Who did it, as columns hold it.
    var columns: AuditColumns {
        AuditColumns(AuditEntry(.sessionEnded, at: at, actor: actor, initiator: source))
    }

    /// What set it off, in the words of the records: they tell the client's program from Gatehouse's own doing.
    private var source: AuditEntry.Initiator {
        switch (initiator, actor) {
        case (.admin, _), (.user, _): .human
        case (.system, .client): .model
        case (.system, .resource): .server
        case (.policy, _), (.system, _): .system
        }
    }
}

/// Why a session ended.
package struct EndReason: RawRepresentable, Hashable, Sendable {
    package let rawValue: String

    /// A reason by its stored name.
    package init(rawValue: String) { self.rawValue = rawValue }

    package static let expired = EndReason(rawValue: "expired")
    package static let neverRedeemed = EndReason(rawValue: "never_redeemed")
    package static let replaced = EndReason(rawValue: "replaced")
    package static let codeReplayed = EndReason(rawValue: "code_replayed")
    package static let refreshTokenReused = EndReason(rawValue: "refresh_token_reused")
    package static let revokedByPerson = EndReason(rawValue: "revoked_by_person")
    package static let revokedByClient = EndReason(rawValue: "revoked_by_client")
    package static let revokedByResource = EndReason(rawValue: "revoked_by_resource")
    package static let revokedByAdmin = EndReason(rawValue: "revoked_by_admin")
    package static let userDisabled = EndReason(rawValue: "user_disabled")
    package static let clientBlocked = EndReason(rawValue: "client_blocked")
    package static let clientRemoved = EndReason(rawValue: "client_removed")
    package static let resourceRemoved = EndReason(rawValue: "resource_removed")
    package static let hostExcluded = EndReason(rawValue: "client_host_excluded")

    /// Whether the clock alone ended it.
    package var isByTime: Bool { self == .expired || self == .neverRedeemed }

    /// What others are told of it: a sentence that names nobody and quotes nobody.
    var sentence: String { Self.sentences[self] ?? "The session was ended." }

    private static let sentences: [EndReason: String] = [
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
        .resourceRemoved: "An administrator removed the MCP server.",
        .hostExcluded: "An administrator closed the MCP server to the client's host.",
    ]
}
