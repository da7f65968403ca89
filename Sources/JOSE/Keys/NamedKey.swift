/// A symmetric key of 32 bytes with the name that stored values refer to.
package struct NamedKey: Sendable {
    /// The name, which is not secret.
    package let id: String
    private let secret: Secret

    /// Makes a key; nil unless it has 32 bytes and its name 1 to 64.
    package init?(id: String, bytes: [UInt8]) {
        guard bytes.count == 32, 1...64 ~= id.utf8.count else { return nil }
        self.id = id
        secret = Secret(bytes: bytes)
    }

    private init(freshlyNamed id: String) {
        self.id = id
        secret = Secret(bytes: Random.bytes(32))
    }

    /// Makes a random key with a random name.
    package static func generate() -> NamedKey { NamedKey(freshlyNamed: Random.token(9)) }

    /// The bytes of the key.
    package var bytes: [UInt8] { secret.bytes }
}
