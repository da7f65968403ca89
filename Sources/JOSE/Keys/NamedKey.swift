/// A symmetric key of 32 bytes and the name by which stored values remember it.
package struct NamedKey: Sendable {
    /// The name; not secret.
    package let id: String
    private let secret: Secret

    /// A key, or nil when it has not exactly 32 bytes or its name has not 1 to 64.
    package init?(id: String, bytes: [UInt8]) {
        guard bytes.count == 32, 1...64 ~= id.utf8.count else { return nil }
        self.id = id
        secret = Secret(bytes: bytes)
    }

    private init(freshlyNamed id: String) {
        self.id = id
        secret = Secret(bytes: Random.bytes(32))
    }

    /// A new random key under a new random name.
    package static func generate() -> NamedKey { NamedKey(freshlyNamed: Random.token(9)) }

    /// The key itself.
    package var bytes: [UInt8] { secret.bytes }
}
