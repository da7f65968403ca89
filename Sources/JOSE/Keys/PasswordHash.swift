/// What is kept of a password: `$scrypt$ln=15,r=8,p=3$salt$hash`.
///
/// The standard cost takes about 180 ms and 32 MiB, so it belongs on a thread of its own, never on an event loop.
package struct PasswordHash: Hashable, Sendable {
    /// How hard a guess is made.
    package struct Cost: Hashable, Sendable {
        let scrypt: Scrypt.Cost

        /// What passwords of people get.
        package static let standard = Cost(scrypt: Scrypt.Cost(logN: 15, r: 8, p: 3))
        /// So cheap that it protects nothing.
        package static let cheapForTests = Cost(scrypt: Scrypt.Cost(logN: 4, r: 1, p: 1))
    }

    private let cost: Scrypt.Cost
    private let salt: [UInt8]
    private let hash: [UInt8]

    /// The hash of a new password under a fresh salt.
    package static func make(_ password: Secret, cost: Cost = .standard) -> PasswordHash {
        let salt = Random.bytes(16)
        let hash = Scrypt.derive(password, salt: salt, cost: cost.scrypt, count: 32)
        return PasswordHash(cost: cost.scrypt, salt: salt, hash: hash)
    }

    /// A hash that no password is known for: comparing with it costs as much as with a real one, making it nothing.
    package static func unmatchable(cost: Cost = .standard) -> PasswordHash {
        PasswordHash(cost: cost.scrypt, salt: Random.bytes(16), hash: Random.bytes(32))
    }

    private init(cost: Scrypt.Cost, salt: [UInt8], hash: [UInt8]) {
        self.cost = cost
        self.salt = salt
        self.hash = hash
    }

    /// Reads a stored hash, or nil when it is none of ours.
    package init?(_ string: String) {
        let parts = string.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt", let cost = Self.cost(parts[2]) else {
            return nil
        }
        guard let salt = Self.decode(parts[3]), salt.count == 16, let hash = Self.decode(parts[4]), hash.count == 32
        else { return nil }
        self.init(cost: cost, salt: salt, hash: hash)
    }

    /// The text to store.
    package var string: String {
        "$scrypt$ln=\(cost.logN),r=\(cost.r),p=\(cost.p)$\(Self.encode(salt))$\(Self.encode(hash))"
    }

    /// Whether this is the password; takes as long for a wrong one as for the right one.
    package func verifies(_ password: Secret) -> Bool {
        ConstantTime.equal(Scrypt.derive(password, salt: salt, cost: cost, count: 32), hash)
    }

    /// Whether the hash was made at another cost than is wanted now.
    package func needsRehash(_ wanted: Cost = .standard) -> Bool { cost != wanted.scrypt }

    private static func cost(_ text: Substring) -> Scrypt.Cost? {
        let values = text.split(separator: ",", omittingEmptySubsequences: false)
        guard values.count == 3, values[0].hasPrefix("ln="), values[1].hasPrefix("r="), values[2].hasPrefix("p="),
            let logN = UInt8(values[0].dropFirst(3)), let r = UInt8(values[1].dropFirst(2)),
            let p = UInt8(values[2].dropFirst(2))
        else { return nil }
        let cost = Scrypt.Cost(logN: logN, r: r, p: p)
        return cost.isBearable ? cost : nil
    }

    // This notation uses the older alphabet, also without padding.
    private static func encode(_ bytes: [UInt8]) -> String {
        String(Base64URL.encode(bytes).map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
    }

    private static func decode(_ text: Substring) -> [UInt8]? {
        guard !text.contains("-"), !text.contains("_") else { return nil }
        return Base64URL.decode(String(text.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }))
    }
}

extension PasswordHash: CustomStringConvertible, CustomReflectable {
    /// The same words for every hash: offline, a hash can be guessed against.
    package var description: String { "[password hash]" }
    /// A mirror without children.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
