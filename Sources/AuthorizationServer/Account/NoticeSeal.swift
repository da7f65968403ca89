import JOSE
import OAuth

/// Seals the notice of an action for the URL of the redirect after it.
///
/// An attacker cannot forge a notice for another user, and a bookmarked URL shows none after two minutes.
struct NoticeSeal: Sendable {
    private static let lifetime: Int64 = 120
    private static let longest = 4096

    let keys: KeyRing

    func seal(_ notice: String, for user: UserID?, in browser: Browser, now: Timestamp) throws -> String {
        let content = JSON.object(["at": .integer(now.seconds), "notice": .string(notice)])
        return Base64URL.encode(
            try Sealing.seal(content.bytes, key: keys.secret(.form), context: context(user, browser)))
    }

    func open(_ text: String?, for user: UserID?, in browser: Browser, now: Timestamp) -> String? {
        guard let text, text.utf8.count <= Self.longest, let sealed = Base64URL.decode(text),
            let plain = Sealing.open(sealed, keys: { keys.secret(.form, id: $0) }, context: context(user, browser)),
            let content = try? JSON.parse(plain).object,
            let at = content["at"]?.integer, at <= now.seconds, now.seconds < at + Self.lifetime
        else { return nil }
        return content["notice"]?.string
    }

    private func context(_ user: UserID?, _ browser: Browser) -> String {
        "notice:\(browser.binding.base64URL):\(user?.string ?? "")"
    }
}
