import JOSE
import OAuth

/// Carries a request through the sign-in page, encrypted and authenticated, so that a request before the sign-in needs no row
/// in the database.
///
/// The browser that was shown the page may send it for ten minutes. With another cookie, or later, the page is only shown
/// again, sealed anew: a client that opens three tabs in a fresh browser overwrites the cookie of the first tab, and users
/// leave pages open. The request expires an hour after it was first sealed.
struct InteractionSeal: Sendable {
    /// The request that waits in the page.
    enum Waiting: Sendable {
        /// An authorization request and how it arrived, the client for display, and the id of the HTTP request.
        case authorization(parameters: String, arrival: RequestArrival, client: String?, reference: String?)
        /// A consent page whose user has to sign in again, and the client for display.
        case consent(InteractionID, client: String?)
        /// The page of an elicitation. The sign-in page does not name the MCP server, which only the asked user may learn.
        case elicitation(ElicitationPageID)
        /// The page on which a user types the code of a device; the code if a link filled it in.
        case device(code: UserCode?)
        /// The account page; `isAgain` marks a step on it that needs a fresh sign-in.
        case account(isAgain: Bool)
    }

    /// The state of a sealed request that a browser sends back.
    enum Opened: Sendable {
        /// This browser was shown the page within the last ten minutes.
        case current(Waiting)
        /// The seal is valid, but names another browser cookie or is older than ten minutes; `since` is when the request was first
        /// sealed.
        case outdated(Waiting, since: Timestamp)
        /// The request was first sealed an hour ago or earlier.
        case expired(Waiting)
        /// The seal was altered, or made with a key that is no longer in use.
        case invalid
    }

    /// For how many seconds a page can be sent after it was shown.
    static let lifetime: Int64 = 600
    /// How many seconds after the first page a request expires.
    static let maximumAge: Int64 = 3600
    /// The greatest length of a sealed request, in characters.
    static let longest = 32_768
    private static let context = "interaction"

    let keys: KeyRing

    /// The text that the sign-in page carries for a request; `first` is when the request was first sealed, nil for now.
    func seal(
        _ waiting: Waiting, for browser: Browser, since first: Timestamp? = nil, now: Timestamp
    ) throws -> String {
        var object: JSONObject = [
            "first": .integer((first ?? now).seconds), "at": .integer(now.seconds),
            "browser": .string(browser.binding.base64URL),
        ]
        switch waiting {
        case .authorization(let parameters, let arrival, let client, let reference):
            object["request"] = .string(parameters)
            object["pushed"] = arrival.stored.map(JSON.string)
            object["client"] = client.map(JSON.string)
            object["reference"] = reference.map(JSON.string)
        case .consent(let id, let client):
            object["consent"] = .string(id.string)
            object["client"] = client.map(JSON.string)
        case .elicitation(let id): object["elicitation"] = .string(id.string)
        case .device(let code): object["device"] = .string(code?.shown ?? "")
        case .account(let isAgain): object["account"] = .bool(isAgain)
        }
        let content = JSON.object(object)
        let sealed = try Sealing.seal(content.bytes, key: keys.secret(.form), context: Self.context)
        return Base64URL.encode(sealed)
    }

    /// Opens the text that a sign-in page sent back.
    func open(_ text: String, for browser: Browser, now: Timestamp) -> Opened {
        guard text.utf8.count <= Self.longest, let sealed = Base64URL.decode(text),
            let plain = Sealing.open(sealed, keys: { keys.secret(.form, id: $0) }, context: Self.context),
            let content = try? JSON.parse(plain).object, let waiting = Self.waiting(content),
            let first = content["first"]?.integer, let sealedAt = content["at"]?.integer
        else { return .invalid }
        guard now.seconds < first + Self.maximumAge else { return .expired(waiting) }
        let isCurrent = sealedAt <= now.seconds && now.seconds < sealedAt + Self.lifetime
        guard isCurrent, content["browser"]?.string == browser.binding.base64URL else {
            // A clock that was set back must not make the hour longer.
            return .outdated(waiting, since: Timestamp(seconds: min(first, now.seconds)))
        }
        return .current(waiting)
    }

    /// The request in a page that is about to be shown, whoever it was sealed for; nil for one that does not open. Nobody signs in
    /// for it.
    func peek(_ text: String) -> Waiting? {
        guard text.utf8.count <= Self.longest, let sealed = Base64URL.decode(text),
            let plain = Sealing.open(sealed, keys: { keys.secret(.form, id: $0) }, context: Self.context)
        else { return nil }
        return (try? JSON.parse(plain).object).flatMap { Self.waiting($0) }
    }

    private static func waiting(_ content: JSONObject) -> Waiting? {
        if let page = content["elicitation"]?.string { return ElicitationPageID(page).map(Waiting.elicitation) }
        if let code = content["device"]?.string { return .device(code: UserCode(code)) }
        if let isAgain = content["account"]?.bool { return .account(isAgain: isAgain) }
        let client = content["client"]?.string
        if let page = content["consent"]?.string { return InteractionID(page).map { .consent($0, client: client) } }
        guard let parameters = content["request"]?.string,
            let arrival = RequestArrival(stored: content["pushed"]?.string)
        else { return nil }
        return .authorization(
            parameters: parameters, arrival: arrival, client: client, reference: content["reference"]?.string)
    }
}
