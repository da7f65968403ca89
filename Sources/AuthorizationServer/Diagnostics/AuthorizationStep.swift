package import OAuth

/// One step of an authorization. Of the request's content, no case holds more than the `client_id` and the host of the redirect.
package enum AuthorizationStep: Hashable, Sendable {
    /// Where a refusal was shown or sent.
    package enum RefusalDestination: String, Hashable, Sendable {
        case onPage, byRedirect, byLink
    }

    /// The field that a consent form lacked.
    package enum MissingConsentField: String, Hashable, Sendable {
        case scope, lifetime, decision
    }

    /// A request arrived, with this `client_id` and the host of this redirect; nil where it has none that can be read.
    case arrived(client: String?, redirectHost: String?)
    /// An administrator registered the client.
    case clientRegistered
    /// The client's document is cached and fresh.
    case documentKept(fetched: Timestamp, until: Timestamp)
    /// The client's document is not cached. It is fetched after the sign-in.
    case documentAwaited
    /// The document was fetched and is valid; `keptFor` is in seconds.
    case documentFetched(host: String, bytes: Int, milliseconds: Int64, keptFor: Int64)
    /// Fetching the document failed.
    case documentUnavailable(cause: String, milliseconds: Int64)
    /// The document was fetched and is not valid.
    case documentRefused(cause: String, bytes: Int, milliseconds: Int64)
    /// The sign-in page was shown.
    case signInAsked
    /// A sign-in form came with another browser cookie or more than ten minutes late; the page was shown again.
    case signInOutdated
    /// The request in a sign-in form was altered or an hour old.
    case signInLost
    /// Name or password was wrong.
    case signInRefused
    /// Too many sign-ins failed; the seconds to wait.
    case signInDelayed(seconds: Int64)
    /// A user signed in.
    case signedIn
    /// A user was signed in in this browser already.
    case recognised
    /// The request is valid; the registered name of the MCP server, and how many of its scopes are requested.
    case consentAsked(server: String, scopes: Int)
    /// The consent page was shown to its user.
    case consentShown
    /// The consent page was opened or sent by a browser in which its user is not signed in.
    case consentElsewhere
    /// The consent page was opened or sent after the request was decided or had expired.
    case consentOver
    /// The consent form came more than ten minutes after its page; the page was shown again.
    case consentOutdated
    /// The consent form was incomplete.
    case consentIncomplete(MissingConsentField)
    /// The user approved.
    case approved
    /// The user denied.
    case denied
    /// A check refused the request.
    case refused(OAuthError.Code, cause: String, RefusalDestination)
    /// Gatehouse failed.
    case failed
    /// The client redeemed its code.
    case redeemed(SessionID)
    /// The client could not redeem its code.
    case redemptionRefused(OAuthError.Code, cause: String)

    /// The step of a refusal, with its public sentence and its private cause.
    static func refused(_ error: OAuthError, _ destination: RefusalDestination) -> Self {
        .refused(error.code, cause: error.cause, destination)
    }

    /// The step of a refusal at the token endpoint.
    static func redemptionRefused(_ error: OAuthError) -> Self { .redemptionRefused(error.code, cause: error.cause) }

    /// Whether a trace records the step once only, because a repetition tells an operator nothing.
    var isRecordedOnce: Bool {
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
    /// The public sentence, followed by the private cause in parentheses.
    fileprivate var cause: String { reason.map { "\(description) (\($0))" } ?? description }
}
