package import OAuth

/// Where in the lists of the page somebody is, as the address says it; what means nothing is passed over.
package struct AccountCursor: Sendable {
    /// Sessions behind this one are wanted.
    let session: SessionID?
    /// What was asked before this.
    let asked: ElicitationPageID?
    /// What was done just now, sealed.
    let notice: String?

    /// The place that a query names; without one, the first page.
    package init(_ query: Parameters? = nil) throws(OAuthError) {
        session = try query?.value("sessions").flatMap { SessionID($0) }
        asked = try query?.value("asked").flatMap { ElicitationPageID($0) }
        notice = try query?.value("notice")
    }

    /// The first page.
    init() { (session, asked, notice) = (nil, nil, nil) }
}

/// What a person can do on the page of their account.
enum AccountAction: Sendable {
    /// An identifier that is none is nil: nobody has it.
    case endSession(SessionID?)
    case endAllSessions
    case endJob(JobID?)
    case disconnect(ConnectionID?)
    case changePassword(PasswordChange)
    case signOut
    case signOutEverywhere

    /// Reads a form; nil for a step that does not exist.
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

    /// Whether somebody else at an open browser could do harm by it that is hard to mend.
    var wantsFreshSignIn: Bool {
        switch self {
        case .endAllSessions, .disconnect, .changePassword: true
        case .endSession, .endJob, .signOut, .signOutEverywhere: false
        }
    }
}

/// Why a step was not taken.
package enum AccountActionError: Hashable, Sendable {
    /// The page was opened in another sign-in than the form came from, or the form came from elsewhere.
    case stale
    case noStep
    /// There is no such session, job or connection, or it is another person's: one answer for all.
    case unknown
    case password(PasswordChangeError)
}

/// What was done, in the names that the person knows it by.
package enum AccountNotice: Hashable, Sendable {
    case sessionEnded(client: String, server: String)
    /// It was over before; nothing was changed.
    case sessionWasOver(client: String, server: String)
    /// How many there were.
    case sessionsEnded(Int)
    case jobEnded(server: String)
    case disconnected(provider: String, server: String, ProviderReply)
    /// It was over before; nothing was changed.
    case wasDisconnected(provider: String, server: String)
    /// With the number of sessions that ended with it, if everything was to end.
    case passwordChanged(endedSessions: Int?)
    case signedOut
    case signedOutEverywhere
}
