import JOSE
import OAuth

/// The way in which an authorization request arrived. It travels with the request through the sign-in page.
enum RequestArrival: Hashable, Sendable {
    /// In the URL or in a form, through the user's browser.
    case direct
    /// Pushed by its client; the digest of the `request_uri`, which one sign-in or one signed-in user may use.
    case pushed(Digest)
    /// Pushed by its client; this interaction used the `request_uri` with this digest, and another account takes its place.
    case used(Digest, by: InteractionID)

    /// The digest of the `request_uri`; nil for a direct request.
    var pushed: Digest? {
        switch self {
        case .direct: nil
        case .pushed(let digest), .used(let digest, _): digest
        }
    }

    var isPushed: Bool { pushed != nil }

    /// The text that a sealed page keeps; nil for a direct request.
    var stored: String? {
        switch self {
        case .direct: nil
        case .pushed(let digest): digest.base64URL
        case .used(let digest, let interaction): "\(digest.base64URL) \(interaction)"
        }
    }

    /// Reads the kept text; nil for a text that no arrival has.
    init?(stored text: String?) {
        guard let text else {
            self = .direct
            return
        }
        let parts = text.split(separator: " ")
        guard let digest = parts.first.flatMap({ Base64URL.decode(String($0)) }).flatMap({ Digest(bytes: $0) }) else {
            return nil
        }
        switch parts.count {
        case 1: self = .pushed(digest)
        case 2:
            guard let interaction = InteractionID(String(parts[1])) else { return nil }
            self = .used(digest, by: interaction)
        default: return nil
        }
    }
}
