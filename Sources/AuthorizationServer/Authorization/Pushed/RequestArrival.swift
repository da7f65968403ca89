import JOSE
import OAuth

/// The way in which an authorization request arrived. It travels with the request through the sign-in page.
enum RequestArrival: Hashable, Sendable {
    /// In the URL or in a form, through the user's browser.
    case direct
    /// Pushed by its client; the digest of the `request_uri`, which one sign-in or one signed-in user may use.
    case pushed(Digest)
    /// Pushed by its client, and its `request_uri` is used.
    case used

    var isPushed: Bool { self != .direct }

    /// The text that a sealed page or a stored request keeps; nil for a direct request.
    var stored: String? {
        switch self {
        case .direct: nil
        case .pushed(let digest): digest.base64URL
        case .used: ""
        }
    }

    /// Reads the kept text; nil for a text that no arrival has.
    init?(stored text: String?) {
        switch text {
        case nil: self = .direct
        case "": self = .used
        case let text?:
            guard let digest = Base64URL.decode(text).flatMap({ Digest(bytes: $0) }) else { return nil }
            self = .pushed(digest)
        }
    }
}
