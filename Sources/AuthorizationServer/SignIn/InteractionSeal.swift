import JOSE
import OAuth

/// Carries what waits for a sign-in through the sign-in page without a row in the database, sealed against reading and
/// alteration.
///
/// A sign-in is accepted from the browser that was shown the page, for ten minutes. Another browser cookie or a later time
/// only gets the page again, sealed anew: a client that opens three tabs in a fresh browser overwrites the cookie of the
/// first one, and people leave a page open. An hour after the first sealing the request expires.
struct InteractionSeal: Sendable {
    /// What waits in the page.
    enum Waiting: Sendable {
        /// An authorization request as it arrived, who asks, as the page says it, and the id of the request.
        case authorization(parameters: String, client: String?, reference: String?)
        /// A decision whose person has to sign in once more, and for whose request it is.
        case consent(InteractionID, client: String?)
        /// The page of an elicitation; who asks there is told to the right person alone.
        case elicitation(ElicitationPageID)
        /// The page of one's own account; perhaps again, for a step that wants a fresh sign-in.
        case account(isAgain: Bool)
    }

    /// What became of a sealed request that a browser sends back.
    enum Opened: Sendable {
        /// This browser was shown the page in the last ten minutes.
        case current(Waiting)
        /// The seal is whole, but names another browser cookie or is older than ten minutes; when it was sealed first.
        case outdated(Waiting, since: Timestamp)
        /// It was sealed first an hour ago or longer.
        case expired(Waiting)
        /// It was altered, or sealed with a key that is no longer in use.
        case invalid
    }

    /// How many seconds a page that was shown can be sent.
    static let lifetime: Int64 = 600
    /// How many seconds a request can be shown again before it expires.
    static let maximumAge: Int64 = 3600
    static let longest = 32_768
    private static let context = "interaction"

    let keys: KeyRing

    /// What the sign-in page carries for a request that waits; `first` is when it was sealed first, if this is not the
    /// first time.
    func seal(
        _ waiting: Waiting, for browser: Browser, since first: Timestamp? = nil, now: Timestamp
    ) throws -> String {
        var object: JSONObject = [
            "first": .integer((first ?? now).seconds), "at": .integer(now.seconds),
            "browser": .string(browser.binding.base64URL),
        ]
        switch waiting {
        case .authorization(let parameters, let client, let reference):
            object["request"] = .string(parameters)
            object["client"] = client.map(JSON.string)
            object["reference"] = reference.map(JSON.string)
        case .consent(let id, let client):
            object["consent"] = .string(id.string)
            object["client"] = client.map(JSON.string)
        case .elicitation(let id): object["elicitation"] = .string(id.string)
        case .account(let isAgain): object["account"] = .bool(isAgain)
        }
        let content = JSON.object(object)
        let sealed = try Sealing.seal(content.bytes, key: keys.secret(.form), context: Self.context)
        return Base64URL.encode(sealed)
    }

    /// Opens what a sign-in page sent back.
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

    private static func waiting(_ content: JSONObject) -> Waiting? {
        if let page = content["elicitation"]?.string { return ElicitationPageID(page).map(Waiting.elicitation) }
        if let isAgain = content["account"]?.bool { return .account(isAgain: isAgain) }
        let client = content["client"]?.string
        if let page = content["consent"]?.string { return InteractionID(page).map { .consent($0, client: client) } }
        return content["request"]?.string.map {
            .authorization(parameters: $0, client: client, reference: content["reference"]?.string)
        }
    }
}
