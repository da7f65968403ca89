import JOSE
import OAuth

/// Carries an authorization request through the sign-in page without a row in the database: sealed, bound to the browser
/// that asked, good for ten minutes. A flipped byte, another browser or a late return opens nothing.
struct InteractionSeal: Sendable {
    static let lifetime: Int64 = 600
    static let longest = 32_768

    let keys: KeyRing

    /// What the sign-in page carries for `parameters` as they arrived.
    func seal(_ parameters: String, for browser: Browser, now: Timestamp) throws -> String {
        let content: JSON = .object(["at": .integer(now.seconds), "request": .string(parameters)])
        let sealed = try Sealing.seal(content.bytes, key: keys.secret(.form), context: context(browser))
        return Base64URL.encode(sealed)
    }

    /// The parameters of a request that this browser was shown the sign-in page for, or nil.
    func open(_ text: String, for browser: Browser, now: Timestamp) -> String? {
        guard text.utf8.count <= Self.longest, let sealed = Base64URL.decode(text),
            let plain = Sealing.open(sealed, keys: { keys.secret(.form, id: $0) }, context: context(browser)),
            let content = try? JSON.parse(plain).object,
            let sealedAt = content["at"]?.integer, let parameters = content["request"]?.string,
            sealedAt <= now.seconds, now.seconds < sealedAt + Self.lifetime
        else { return nil }
        return parameters
    }

    private func context(_ browser: Browser) -> String {
        "interaction:" + browser.binding.base64URL
    }
}
