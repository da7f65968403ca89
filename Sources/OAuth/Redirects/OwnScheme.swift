/// A private-use URI scheme of an app. A device passes such a redirect to whichever app has claimed the scheme.
///
/// Spec: RFC 3986 §3.1
/// Spec: RFC 8252 §7.1
package struct OwnScheme: Hashable, Sendable, CustomStringConvertible {
    static let maximumLength = 64

    /// The scheme in lower case, without its colon.
    package let string: String

    /// Parses a scheme in any case; refuses schemes that IANA registers for another purpose or that make a device run or open
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

    /// Whether a redirect may use the scheme without an operator's permission: it contains a dot, so its maker owns the domain
    /// name, or it belongs to a known app.
    package var isFamiliar: Bool { string.contains(".") || SchemeList.known.contains(string) }

    /// The scheme itself.
    package var description: String { string }

    /// The schemes of known apps.
    package static var known: [String] { SchemeList.known.sorted() }

    /// Whether a URL with this scheme runs or opens something on the device.
    package static func isDangerous(_ scheme: String) -> Bool {
        let scheme = scheme.lowercased()
        return dangerous.contains(scheme) || scheme.hasPrefix("ms-")
    }

    private static let dangerous: Set<String> = [
        "about", "android-app", "blob", "data", "file", "filesystem", "intent", "jar", "javascript", "livescript",
        "mhtml", "mocha", "moz-extension", "search", "search-ms", "shell", "vbscript", "view-source",
    ]
}
