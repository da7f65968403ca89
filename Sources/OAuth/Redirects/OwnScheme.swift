/// A URI scheme of an app's own, under which a device hands an answer to whichever app has claimed it.
///
/// Spec: RFC 3986 §3.1
/// Spec: RFC 8252 §7.1
package struct OwnScheme: Hashable, Sendable, CustomStringConvertible {
    static let maximumLength = 64

    /// The scheme in lower case, without its colon.
    package let string: String

    /// Reads a scheme, in whatever case, and refuses one that IANA registers for something else or that makes a device run or open
    /// something.
    package init(_ text: String) throws(OAuthValueError) {
        guard text.utf8.count <= Self.maximumLength, StrictURI.isScheme(Array(text.utf8)[...]) else {
            throw OAuthValueError(
                "Write an app's own scheme without its colon, in at most \(Self.maximumLength) letters, digits, '+', '-' and "
                    + "'.', for example com.example.app.")
        }
        let text = text.lowercased()
        guard !Self.isDangerous(text) else {
            throw OAuthValueError("No answer is ever sent to '\(text):', which makes a device run or open something.")
        }
        guard SchemeList.known.contains(text) || !SchemeList.registered.contains(text) else {
            throw OAuthValueError("'\(text):' is no app's own scheme: IANA registers it for something else.")
        }
        string = text
    }

    /// Whether a redirect may have it without anybody's word: its dot makes it a name that its maker owns, or it is on the list
    /// of known apps.
    package var isFamiliar: Bool { string.contains(".") || SchemeList.known.contains(string) }

    /// The scheme itself.
    package var description: String { string }

    /// The schemes of known apps.
    package static var known: [String] { SchemeList.known.sorted() }

    /// Whether an address with this scheme runs or opens something instead of leading somewhere.
    package static func isDangerous(_ scheme: String) -> Bool {
        let scheme = scheme.lowercased()
        return dangerous.contains(scheme) || scheme.hasPrefix("ms-")
    }

    private static let dangerous: Set<String> = [
        "about", "android-app", "blob", "data", "file", "filesystem", "intent", "jar", "javascript", "livescript",
        "mhtml", "mocha", "moz-extension", "search", "search-ms", "shell", "vbscript", "view-source",
    ]
}
