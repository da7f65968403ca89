import JOSE
import ResourceServer

/// Session identifiers of MCP 2025-11-25 that say one thing, that the client opens links, and open nothing: who calls is
/// told by the token alone.
///
/// They are sealed rather than kept, so that this server stays without memory.
///
/// Spec: MCP 2025-11-25 §Session Management
struct HandshakeSessions: Sendable {
    private let key = NamedKey.generate()

    /// An identifier for a client that opens links.
    func open(for access: Access) -> String {
        Base64URL.encode((try? Sealing.seal([1], key: key, context: Self.context(access))) ?? [])
    }

    /// Whether this person's client was given the identifier; bringing none is fine.
    func isKnown(_ session: String?, to access: Access) -> Bool {
        guard let session else { return true }
        guard session.utf8.count <= 512, let sealed = Base64URL.decode(session) else { return false }
        return Sealing.open(sealed, keys: { $0 == key.id ? key : nil }, context: Self.context(access)) != nil
    }

    private static func context(_ access: Access) -> String {
        JSON.strings(["session", access.subject, access.clientID]).text
    }
}
