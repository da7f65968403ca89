/// The key that seals a copy of the keys folder, derived from a recovery passphrase.
///
/// Whoever knows the passphrase derives the key and passes only the key on, so that a server never learns the passphrase. A
/// derivation takes about half a second and 128 MiB.
///
/// Spec: RFC 7914 §6
package struct RecoveryKey: Codable, Hashable, Sendable {
    /// The derivation, which stands beside what the key seals: the passphrase yields the same key only with the same one.
    package struct Derivation: Codable, Hashable, Sendable {
        let logN: UInt8
        let r: UInt8
        let p: UInt8
        let salt: String

        /// A derivation with a fresh salt and the cost of this version.
        package static func fresh() -> Derivation { Derivation(logN: 17, r: 8, p: 1, salt: Random.token(16)) }
    }

    /// The length of a passphrase, in bytes. A short one could be guessed by whoever has the backup.
    package static let acceptedLength = 12...1000

    /// How the key was derived.
    package let derivation: Derivation
    private let bytes: String

    /// Derives the key; nil for a salt or a cost that is out of bounds.
    package init?(_ passphrase: Secret, _ derivation: Derivation = .fresh()) {
        let cost = Scrypt.Cost(logN: derivation.logN, r: derivation.r, p: derivation.p)
        guard let salt = Base64URL.decode(derivation.salt), salt.count == 16, cost.isAcceptable else { return nil }
        self.derivation = derivation
        bytes = Base64URL.encode(Scrypt.derive(passphrase, salt: salt, cost: cost, count: 32))
    }

    /// Seals bytes for one context; nil for a key that another program malformed, and for more than 16 MiB.
    package func seal(_ plain: [UInt8], context: String) -> [UInt8]? {
        named.flatMap { try? Sealing.seal(plain, key: $0, context: context) }
    }

    /// Opens sealed bytes; nil if the passphrase, the context or a single bit differs.
    package func open(_ sealed: [UInt8], context: String) -> [UInt8]? {
        named.flatMap { key in Sealing.open(sealed, keys: { $0 == key.id ? key : nil }, context: context) }
    }

    private var named: NamedKey? {
        Base64URL.decode(bytes).flatMap { NamedKey(id: "recovery", bytes: $0) }
    }
}

extension RecoveryKey: CustomStringConvertible, CustomReflectable {
    /// The same text for every key.
    package var description: String { "[recovery key]" }
    /// A mirror without children, so that no log of a request shows the key.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension RecoveryKey.Derivation {
    /// The derivation as JSON.
    package var json: JSONObject {
        [
            "name": "scrypt", "log_n": .integer(Int64(logN)), "r": .integer(Int64(r)), "p": .integer(Int64(p)),
            "salt": .string(salt),
        ]
    }

    /// Parses a derivation; nil for another function or malformed numbers.
    package init?(_ json: JSONObject) {
        guard json["name"] == "scrypt", let logN = json["log_n"]?.integer.flatMap(UInt8.init(exactly:)),
            let r = json["r"]?.integer.flatMap(UInt8.init(exactly:)),
            let p = json["p"]?.integer.flatMap(UInt8.init(exactly:)), let salt = json["salt"]?.string
        else { return nil }
        self.init(logN: logN, r: r, p: p, salt: salt)
    }
}
