package import JOSE
import OAuth

extension AuthorizationStep {
    /// The step's name for programs.
    package var name: String {
        switch self {
        case .arrived: "arrived"
        case .clientRegistered: "client_registered"
        case .documentKept: "document_kept"
        case .documentAwaited: "document_awaited"
        case .documentFetched: "document_fetched"
        case .documentUnavailable: "document_unavailable"
        case .documentRefused: "document_refused"
        case .signInAsked: "sign_in_asked"
        case .signInOutdated: "sign_in_outdated"
        case .signInLost: "sign_in_lost"
        case .signInRefused: "sign_in_refused"
        case .signInDelayed: "sign_in_delayed"
        case .signedIn: "signed_in"
        case .recognised: "recognised"
        case .consentAsked: "consent_asked"
        case .consentShown: "consent_shown"
        case .consentElsewhere: "consent_elsewhere"
        case .consentOver: "consent_over"
        case .consentOutdated: "consent_outdated"
        case .consentIncomplete: "consent_incomplete"
        case .approved: "approved"
        case .denied: "denied"
        case .refused: "refused"
        case .failed: "failed"
        case .redeemed: "redeemed"
        case .redemptionRefused: "redemption_refused"
        }
    }

    /// The step in a sentence for an administrator.
    package var sentence: String {
        switch self {
        case .arrived(let client, let host): Self.arrival(client, host)
        case .clientRegistered: "An administrator registered this client here."
        case .documentKept(let fetched, let until):
            "The client's metadata document was at hand: fetched at \(fetched), good until \(until)."
        case .documentAwaited:
            "The client's metadata document is not at hand; it is fetched once somebody has signed in."
        case .documentFetched(let host, let bytes, let milliseconds, let seconds):
            "The client's metadata document was fetched from \(host): status 200, \(bytes) bytes, \(milliseconds) ms; "
                + "it is kept for \(seconds) s."
        case .documentUnavailable(let cause, let milliseconds):
            "The client's metadata document could not be had, after \(milliseconds) ms: \(cause)."
        case .documentRefused(let cause, let bytes, let milliseconds):
            "The client's metadata document came (status 200, \(bytes) bytes, \(milliseconds) ms) and was refused: "
                + cause
        case .signInAsked: "The person was asked to sign in."
        case .signInLost:
            "A sign-in form came whose request was altered, or was first shown more than an hour before."
        case .signInOutdated:
            "A sign-in form came with another browser cookie than its page, or more than ten minutes after it; "
                + "the page was shown again."
        case .signInRefused: "The name or the password was not right."
        case .signInDelayed(let seconds): "There were too many tries to sign in; the next had to wait \(seconds) s."
        case .signedIn: "A person signed in."
        case .recognised: "A person was signed in in this browser already."
        default: decision
        }
    }

    private var decision: String {
        switch self {
        case .consentAsked(let server, let scopes):
            "The request is in order: it is for '\(server)', with \(scopes) of its scopes."
        case .consentShown: "The consent page was shown."
        case .consentElsewhere:
            "The consent page was opened or sent by a browser in which the person it is for is not signed in, or for a "
                + "request that does not exist."
        case .consentOver: "The consent page was opened or sent after its request was decided or an hour old."
        case .consentOutdated:
            "The consent form came more than ten minutes after its page; the page was shown again."
        case .consentIncomplete(let lack): "The consent form came without a \(lack.rawValue); the page was shown again."
        case .approved: "The person approved, and the browser was led back to the client with a code."
        case .denied: "The person denied, and the browser was led back to the client."
        case .refused(let code, let cause, let told): "Refused with \(code.rawValue), \(told.words): \(cause)"
        case .failed: "Something failed on this side; the server's log has the cause under the same reference."
        case .redeemed(let session): "The client redeemed its code: the session \(session) is active."
        case .redemptionRefused(let code, let cause):
            "The client could not redeem its code, refused with \(code.rawValue): \(cause)"
        default: ""
        }
    }

    private static func arrival(_ client: String?, _ host: String?) -> String {
        guard let client else { return "A request arrived that does not say in a readable way who asks." }
        let place = host.map { "at \($0)" } ?? "at a place without a host"
        return "A request arrived from the client \(client), which wants its answer \(place)."
    }
}

extension AuthorizationStep.RefusalDestination {
    fileprivate var words: String {
        switch self {
        case .onPage: "told on a page here and not to the client"
        case .byRedirect: "told to the client at its redirect"
        case .byLink: "told on a page with a link back to the client"
        }
    }
}

extension AuthorizationTrace {
    /// The steps as operators see them; where some were dropped, a row says so.
    package var rows: [JSONObject] {
        var rows = entries.map { Self.row($0.at, $0.step.name, $0.step.sentence) }
        if omitted > 0, entries.count > 1 {
            rows.insert(
                Self.row(entries[1].at, "omitted", "\(omitted) more steps stood here and were not kept."), at: 1)
        }
        return rows
    }

    private static func row(_ at: Timestamp, _ step: String, _ sentence: String) -> JSONObject {
        ["at": .string(at.rfc3339), "step": .string(step), "detail": .string(sentence)]
    }
}
