import JOSE
import OAuth

/// Carries what waits for a sign-in through the sign-in page without a row in the database: sealed, bound to the browser
/// that asked, good for ten minutes. A flipped byte, another browser or a late return opens nothing.
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

    static let lifetime: Int64 = 600
    static let longest = 32_768

    let keys: KeyRing

    /// What the sign-in page carries for a request that waits.
    func seal(_ waiting: Waiting, for browser: Browser, now: Timestamp) throws -> String {
        var object: JSONObject = ["at": .integer(now.seconds)]
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
        let sealed = try Sealing.seal(content.bytes, key: keys.secret(.form), context: context(browser))
        return Base64URL.encode(sealed)
    }

    /// What this browser was shown the sign-in page for, or nil.
    func open(_ text: String, for browser: Browser, now: Timestamp) -> Waiting? {
        guard text.utf8.count <= Self.longest, let sealed = Base64URL.decode(text),
            let plain = Sealing.open(sealed, keys: { keys.secret(.form, id: $0) }, context: context(browser)),
            let content = try? JSON.parse(plain).object,
            let sealedAt = content["at"]?.integer, sealedAt <= now.seconds, now.seconds < sealedAt + Self.lifetime
        else { return nil }
        if let page = content["elicitation"]?.string { return ElicitationPageID(page).map(Waiting.elicitation) }
        if let isAgain = content["account"]?.bool { return .account(isAgain: isAgain) }
        let client = content["client"]?.string
        if let page = content["consent"]?.string { return InteractionID(page).map { .consent($0, client: client) } }
        return content["request"]?.string.map {
            .authorization(parameters: $0, client: client, reference: content["reference"]?.string)
        }
    }

    private func context(_ browser: Browser) -> String {
        "interaction:" + browser.binding.base64URL
    }
}
