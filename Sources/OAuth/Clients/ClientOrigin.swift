/// Who vouches for a client. It decides how far this server trusts the client's name and redirects.
package enum ClientOrigin: Hashable, Sendable {
    /// An administrator, who registered the name and the redirects.
    case registered
    /// The host of the client's metadata document. The host is proven, and the name in the document is a claim.
    case document(host: String)
    /// Nobody: the client registered itself, and its name is a claim.
    case selfRegistered

    /// The origin of a client of this id, with the host of the document if there was one. Without it, the URL of a document is the id
    /// of a client that an administrator registered.
    package init(of id: ClientID, documentHost: String?) {
        if let documentHost {
            self = .document(host: documentHost)
        } else {
            self = id.isSelfRegistered ? .selfRegistered : .registered
        }
    }

    /// Whether an administrator vouches for the client.
    package var isRegistered: Bool { self == .registered }

    /// Whether the client registered itself.
    package var isSelfRegistered: Bool { self == .selfRegistered }

    /// The host of the metadata document; nil for a client without one.
    package var host: String? {
        guard case .document(let host) = self else { return nil }
        return host
    }
}
