package import OAuth

/// One thing that happened on the way of an authorization. Of what the request says no case takes more than the client's id
/// and the host of its redirect.
package enum AuthorizationStep: Hashable, Sendable {
    /// Where a refusal was told.
    package enum RefusalDestination: String, Hashable, Sendable {
        case onPage, byRedirect, byLink
    }

    /// What a consent form lacked.
    package enum MissingConsentField: String, Hashable, Sendable {
        case scope, lifetime, decision
    }

    /// A request came; who it says it is from, and the host at which it wants its answer.
    case arrived(client: String?, redirectHost: String?)
    /// An administrator registered the client.
    case clientRegistered
    /// The client's document was fetched lately and still counts.
    case documentKept(fetched: Timestamp, until: Timestamp)
    /// Nothing is fetched before somebody has signed in.
    case documentAwaited
    /// The document came, and is good.
    case documentFetched(host: String, bytes: Int, milliseconds: Int64, keptFor: Int64)
    /// The document did not come.
    case documentUnavailable(cause: String, milliseconds: Int64)
    /// The document came, and is not good.
    case documentRefused(cause: String, bytes: Int, milliseconds: Int64)
    /// The sign-in page was shown.
    case signInAsked
    /// A sign-in form came from another browser cookie or more than ten minutes late; the page was shown again.
    case signInOutdated
    /// The request in a sign-in page was altered, or an hour old.
    case signInLost
    /// Name or password was wrong.
    case signInRefused
    /// Too many tries; the seconds to wait.
    case signInDelayed(seconds: Int64)
    /// A person signed in.
    case signedIn
    /// A person was signed in in this browser already.
    case recognised
    /// The request is in order; the MCP server's registered name, and how many of its scopes are asked for.
    case consentAsked(server: String, scopes: Int)
    /// The consent page was shown to its person.
    case consentShown
    /// The consent page was opened or sent by a browser in which its person is not signed in.
    case consentElsewhere
    /// The consent page was opened or sent after the request was over.
    case consentOver
    /// The consent form came more than ten minutes after its page; the page was shown again.
    case consentOutdated
    /// The consent form was incomplete.
    case consentIncomplete(MissingConsentField)
    /// The person approved.
    case approved
    /// The person denied.
    case denied
    /// A check refused.
    case refused(OAuthError.Code, cause: String, RefusalDestination)
    /// Something failed on this side.
    case failed
    /// The client redeemed its code.
    case redeemed(SessionID)
    /// The client could not redeem its code.
    case redemptionRefused(OAuthError.Code, cause: String)

    /// A refusal with its sentence and its private cause.
    static func refused(_ error: OAuthError, _ told: RefusalDestination) -> Self {
        .refused(error.code, cause: error.cause, told)
    }

    /// A refusal at the token endpoint.
    static func redemptionRefused(_ error: OAuthError) -> Self { .redemptionRefused(error.code, cause: error.cause) }

    /// Whether saying it a second time would tell nothing.
    var isSaidOnce: Bool {
        switch self {
        case .arrived, .clientRegistered, .documentKept, .documentAwaited, .signInAsked, .recognised, .consentShown,
            .consentElsewhere, .consentOver, .approved, .denied:
            true
        case .documentFetched, .documentUnavailable, .documentRefused, .signInOutdated, .signInLost, .signInRefused,
            .signInDelayed, .signedIn, .consentAsked, .consentOutdated, .consentIncomplete, .refused, .failed,
            .redeemed, .redemptionRefused:
            false
        }
    }
}

extension OAuthError {
    /// What is sent and, behind it, what is not.
    fileprivate var cause: String { reason.map { "\(description) (\($0))" } ?? description }
}
