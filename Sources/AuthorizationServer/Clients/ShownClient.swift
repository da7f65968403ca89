package import OAuth
import Storage

/// A client as pages show it.
package struct ShownClient: Hashable, Sendable {
    /// The name: an administrator's for a registered client, an unverified claim for any other.
    package let name: String
    /// Who vouches for the client. The host of a document has its port where that is not 443.
    package let origin: ClientOrigin

    init(_ id: ClientID, name: String, origin: ClientOrigin) {
        self.name = name
        self.origin = origin.host.map { .document(host: id.shownHost ?? $0) } ?? origin
    }

    /// The client as the sign-in page names it: the host of its document, or the name that an administrator registered.
    ///
    /// The sign-in page has no room for doubts. It never shows the name that a client chose when it registered itself, because that
    /// name can be another product's.
    var signInName: String {
        switch origin {
        case .registered: name
        case .document(let host): host
        case .selfRegistered: "An app that registered itself"
        }
    }
}

extension Client {
    /// The client as pages show it.
    var shown: ShownClient { ShownClient(id, name: metadata.name, origin: origin) }
}

extension Session {
    /// The client as pages show it.
    var shownClient: ShownClient {
        ShownClient(clientID, name: clientName, origin: ClientOrigin(of: clientID, documentHost: clientHost))
    }
}

extension PendingAuthorization {
    /// Who vouches for the client.
    var clientOrigin: ClientOrigin { ClientOrigin(of: clientID, documentHost: clientHost) }

    /// The client as pages show it.
    var shownClient: ShownClient { ShownClient(clientID, name: clientName, origin: clientOrigin) }
}
