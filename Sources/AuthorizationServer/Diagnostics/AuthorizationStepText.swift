package import JOSE
import OAuth

extension AuthorizationStep {
    /// The step's name in JSON output, which scripts rely on.
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
        case .clientRegistered: "An administrator registered this client."
        case .documentKept(let fetched, let until):
            "The client's metadata document is cached: fetched at \(fetched), fresh until \(until)."
        case .documentAwaited: "The client's metadata document is not cached; it is fetched after the sign-in."
        case .documentFetched(let host, let bytes, let milliseconds, let seconds):
            "The client's metadata document was fetched from \(host): status 200, \(bytes) bytes, \(milliseconds) ms; "
                + "it is kept for \(seconds) s."
        case .documentUnavailable(let cause, let milliseconds):
            "Fetching the client's metadata document failed after \(milliseconds) ms: \(cause)."
        case .documentRefused(let cause, let bytes, let milliseconds):
            "The client's metadata document (status 200, \(bytes) bytes, \(milliseconds) ms) was refused: \(cause)"
        case .signInAsked: "The sign-in page was shown."
        case .signInLost: "The sign-in form was altered, or its request was more than an hour old."
        case .signInOutdated:
            "The sign-in form came with another browser cookie than its page, or more than ten minutes after it; the "
                + "page was shown again."
        case .signInRefused: "The name or the password was wrong."
        case .signInDelayed(let seconds): "Too many sign-ins failed; the next one had to wait \(seconds) s."
        case .signedIn: "A user signed in."
        case .recognised: "A user was signed in in this browser already."
        case .consentAsked(let server, let scopes):
            "The request is valid: it is for '\(server)', with \(scopes) of its scopes."
        case .consentShown: "The consent page was shown."
        case .consentElsewhere:
            "The consent page was opened or sent by a browser in which its user is not signed in, or for an unknown "
                + "request."
        case .consentOver: "The consent page was opened or sent after its request was decided or had expired."
        case .consentOutdated: "The consent form came more than ten minutes after its page; the page was shown again."
        case .consentIncomplete(let field):
            "The consent form came without a \(field.rawValue); the page was shown again."
        case .approved: "The user approved, and the browser returned to the client with a code."
        case .denied: "The user denied, and the browser returned to the client."
        case .refused(let code, let cause, let destination):
            "Refused with \(code.rawValue), \(destination.words): \(cause)"
        case .failed: "Gatehouse failed; the server's log has the cause under the same reference."
        case .redeemed(let session): "The client redeemed its code: session \(session) is active."
        case .redemptionRefused(let code, let cause):
            "The client could not redeem its code, refused with \(code.rawValue): \(cause)"
        }
    }

    private static func arrival(_ client: String?, _ host: String?) -> String {
        guard let client else { return "A request arrived without a readable client_id." }
        let place = host.map { "returns to \($0)" } ?? "names no host to return to"
        return "A request arrived from the client \(client), which \(place)."
    }
}

extension AuthorizationStep.RefusalDestination {
    fileprivate var words: String {
        switch self {
        case .onPage: "shown on a page here and not sent to the client"
        case .byRedirect: "sent to the client at its redirect"
        case .byLink: "shown on a page with a link back to the client"
        }
    }
}

extension AuthorizationTrace {
    /// The steps as `gatehouse doctor` lists them; a row of its own stands for the steps that were dropped.
    package var rows: [JSONObject] {
        var rows = entries.map { Self.row($0.at, $0.step.name, $0.step.sentence) }
        if omitted > 0, entries.count > 1 {
            rows.insert(
                Self.row(entries[1].at, "omitted", "\(omitted) more steps were recorded here and were dropped."), at: 1)
        }
        return rows
    }

    private static func row(_ at: Timestamp, _ step: String, _ sentence: String) -> JSONObject {
        ["at": .string(at.rfc3339), "step": .string(step), "detail": .string(sentence)]
    }
}
