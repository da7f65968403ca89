import AuthorizationServer
package import OAuth

/// A client on a page. Only the host of its metadata document is proven.
package struct PageClient: Sendable {
    /// The name that the client chose for itself, unless an administrator registered it.
    package let name: PlainText
    /// The host of the `client_id` URL; nil for a client without a metadata document.
    package let host: PlainText?
    /// Whether an administrator registered the client. Only then is its name trustworthy.
    package let isRegistered: Bool
    /// Whether the client registered itself, so that nothing about it is proven.
    package let isSelfRegistered: Bool

    package init(name: String, _ origin: ClientOrigin) {
        let shown = PlainText(name, limit: 80)
        self.name = shown.isEmpty ? "(no name)" : shown
        host = origin.host.map { PlainText($0, limit: 255) }
        isRegistered = origin.isRegistered
        isSelfRegistered = origin.isSelfRegistered
    }

    init(_ client: ShownClient) {
        self.init(name: client.name, client.origin)
    }
}
