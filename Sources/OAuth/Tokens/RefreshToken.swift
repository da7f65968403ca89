import JOSE

/// A refresh token: session, generation and a MAC over both, so that the token itself need not be stored.
///
/// The text is `gate_r_` and the base64url of 52 bytes: session (16), generation (4, big-endian, from 1), HMAC-SHA256 (32).
///
/// Spec: RFC 6749 §1.5
/// Spec: RFC 6749 §10.4
package struct RefreshToken: Sendable, RedactedCredential {
    private static let prefix = "gate_r_"
    private static let length = 52

    /// The session of the token.
    package let sessionID: SessionID
    /// The generation: 1 for the first token, plus one per rotation.
    package let generation: UInt32
    private let mac: [UInt8]

    /// Parses a token in its canonical spelling; `isAuthentic` verifies it.
    package init?(_ text: String) {
        guard text.utf8.count == Self.prefix.utf8.count + 70, text.hasPrefix(Self.prefix),
            let bytes = Base64URL.decode(text, behind: Self.prefix.utf8.count), bytes.count == Self.length,
            let sessionID = SessionID(bytes: Array(bytes[..<16]))
        else { return nil }
        let generation = bytes[16..<20].reduce(0) { $0 << 8 | UInt32($1) }
        guard generation > 0 else { return nil }
        self.sessionID = sessionID
        self.generation = generation
        self.mac = Array(bytes[20...])
    }

    private init(sessionID: SessionID, generation: UInt32, mac: [UInt8]) {
        self.sessionID = sessionID
        self.generation = generation
        self.mac = mac
    }

    /// Makes the token of a session and generation.
    package static func mint(session: SessionID, generation: UInt32, key: [UInt8]) -> RefreshToken {
        RefreshToken(sessionID: session, generation: generation, mac: authenticate(session, generation, key: key))
    }

    /// Whether the MAC was made with this key.
    package func isAuthentic(key: [UInt8]) -> Bool {
        ConstantTime.equal(mac, Self.authenticate(sessionID, generation, key: key))
    }

    /// The token, for the response that carries it.
    package func reveal() -> String {
        Self.prefix + Base64URL.encode(sessionID.bytes + Self.bigEndian(generation) + mac)
    }

    private static func authenticate(_ session: SessionID, _ generation: UInt32, key: [UInt8]) -> [UInt8] {
        HMAC.sha256(key: key, Array("refresh".utf8), session.bytes, bigEndian(generation))
    }

    private static func bigEndian(_ number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}
