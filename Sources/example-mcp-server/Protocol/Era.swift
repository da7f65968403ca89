/// The protocol generation of a message.
enum Era: Equatable {
    case handshake
    case stateless

    /// Versions before 2026 belong to the handshake; the stateless protocol rejects unknown ones.
    init(_ headers: RoutingHeaders) {
        guard let version = headers.protocolVersion else {
            self = .handshake
            return
        }
        self = HandshakeProtocol.versions.contains(version) ? .handshake : .stateless
    }
}
