import JOSE
import ResourceServer

/// Session identifiers of MCP 2025-11-25 that say one thing, what the client can put to its person, and open nothing: who
/// calls is told by the token alone.
///
/// They are sealed rather than kept, so that this server stays without memory.
///
/// Spec: MCP 2025-11-25 §Session Management
struct HandshakeSessions: Sendable {
    private let key = NamedKey.generate()

    /// An identifier for a client that can do this much.
    func open(for access: Access, able abilities: ClientCapabilities) -> String {
        Base64URL.encode((try? Sealing.seal([abilities.rawValue], key: key, context: Self.context(access))) ?? [])
    }

    /// What this person's client can do by the identifier it was given; nothing without one, and nil for one that is none.
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
