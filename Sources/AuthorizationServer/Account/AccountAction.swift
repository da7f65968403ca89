package import OAuth

/// The parts of the lists that the account page shows, as its URL says. Malformed cursors are ignored.
package struct AccountCursor: Sendable {
    /// The list of sessions begins after this one.
    let session: SessionID?
    /// The list of requests begins after this one.
    let asked: ElicitationPageID?
    /// The sealed notice of the last action.
    let notice: String?

    /// The cursor of a query; without a query, the first page.
    package init(_ query: Parameters? = nil) throws(OAuthError) {
        session = try query?.value("sessions").flatMap { SessionID($0) }
        asked = try query?.value("asked").flatMap { ElicitationPageID($0) }
        notice = try query?.value("notice")
    }

    /// The first page.
    init() { (session, asked, notice) = (nil, nil, nil) }
}

/// An action on the account page.
enum AccountAction: Sendable {
    // A malformed identifier becomes nil and is answered like one that does not exist.
    case endSession(SessionID?)
    case endAllSessions
    case endJob(JobID?)
    case disconnect(ConnectionID?)
    case changePassword(PasswordChange)
    case signOut
    case signOutEverywhere

    /// Parses the form; nil for an unknown action.
    init?(_ form: Parameters) throws(OAuthError) {
        switch try form.value("step") {
        case "end": self = .endSession(try form.value("session").flatMap { SessionID($0) })
        case "end_all": self = .endAllSessions
        case "end_job": self = .endJob(try form.value("job").flatMap { JobID($0) })
        case "disconnect": self = .disconnect(try form.value("connection").flatMap { ConnectionID($0) })
        case "password": self = .changePassword(try PasswordChange(form))
        case "sign_out": self = .signOut
        case "sign_out_everywhere": self = .signOutEverywhere
        default: return nil
        }
    }

    /// Whether the action needs a recent sign-in, because a stranger at an unattended browser could cause lasting harm with it.
    var requiresRecentSignIn: Bool {
        switch self {
        case .endAllSessions, .disconnect, .changePassword: true
        case .endSession, .endJob, .signOut, .signOutEverywhere: false
        }
    }
}

/// The reason for which an action was refused.
package enum AccountActionError: Hashable, Sendable {
    /// The form has no valid token: the user signed in again after the page opened, or another site made the form.
    case stale
    case unknownAction
    /// The session, job or connection does not exist or belongs to another user. One case for both, so that the answer does not tell
    /// which.
    case unknown
    case password(PasswordChangeError)
}

/// The result of an action, with the names that the account page shows.
package enum AccountNotice: Hashable, Sendable {
    case sessionEnded(client: String, server: String)
    /// Nothing changed.
    case sessionAlreadyEnded(client: String, server: String)
    /// The number of sessions that were revoked.
    case sessionsEnded(Int)
    case jobEnded(server: String)
    case disconnected(provider: String, server: String, ProviderReply)
    /// Nothing changed.
    case alreadyDisconnected(provider: String, server: String)
    /// The number of revoked sessions; nil if the user kept them.
    case passwordChanged(endedSessions: Int?)
    case signedOut
    case signedOutEverywhere
}
