/// Which of the two protocols a message speaks.
enum Era: Equatable {
    case handshake
    case stateless

    /// A version from before 2026 is the handshake's; one that nobody knows is told so by the newer protocol.
    init(_ headers: RoutingHeaders) {
        guard let version = headers.protocolVersion else {
            self = .handshake
            return
        }
        self = HandshakeProtocol.versions.contains(version) ? .handshake : .stateless
    }
}
