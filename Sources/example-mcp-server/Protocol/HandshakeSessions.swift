import JOSE
import ResourceServer

/// Session identifiers of MCP 2025-11-25. They carry the client's capabilities and grant nothing: the access token alone
/// authenticates a call.
///
/// They are sealed rather than stored, so that this server keeps no state.
///
/// Spec: MCP 2025-11-25 §Session Management
struct HandshakeSessions: Sendable {
    private let key = NamedKey.generate()

    /// A session identifier that carries these capabilities.
    func open(for access: Access, able abilities: ClientCapabilities) -> String {
        Base64URL.encode((try? Sealing.seal([abilities.rawValue], key: key, context: Self.context(access))) ?? [])
    }

    /// The capabilities in a session identifier; empty without one, nil for an invalid one or another user's.
    func abilities(_ session: String?, of access: Access) -> ClientCapabilities? {
        guard let session else { return [] }
        guard session.utf8.count <= 512, let sealed = Base64URL.decode(session),
            let plain = Sealing.open(sealed, keys: { $0 == key.id ? key : nil }, context: Self.context(access))
        else { return nil }
        return plain.first.map(ClientCapabilities.init(rawValue:))
    }

    private static func context(_ access: Access) -> String {
        JSON.strings(["session", access.subject, access.clientID]).text
    }
}
