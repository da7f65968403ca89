/// The stored form of a password: `$scrypt$ln=15,r=8,p=3$salt$hash`, salt and hash in base64 without padding.
///
/// The standard cost takes about 180 ms and 32 MiB, so it belongs on a thread of its own, never on an event loop.
package struct PasswordHash: Hashable, Sendable {
    /// How costly one guess is.
    package struct Cost: Hashable, Sendable {
        let scrypt: Scrypt.Cost

        /// The cost for passwords that people choose.
        package static let standard = Cost(scrypt: Scrypt.Cost(logN: 15, r: 8, p: 3))
        /// A cost that protects nothing: a suite makes thousands of hashes.
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

    /// A hash without a known password, for sign-ins under unknown names: a comparison with it takes as long as with a real one, so
    /// the time does not tell which names exist.
    package static func unmatchable(cost: Cost = .standard) -> PasswordHash {
        PasswordHash(cost: cost.scrypt, salt: Random.bytes(16), hash: Random.bytes(32))
    }

    private init(cost: Scrypt.Cost, salt: [UInt8], hash: [UInt8]) {
        self.cost = cost
        self.salt = salt
        self.hash = hash
    }

    /// Parses a stored hash; nil for another notation or a cost that is out of bounds.
    package init?(_ string: String) {
        let parts = string.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt", let cost = Self.cost(parts[2]) else {
            return nil
        }
        guard let salt = Base64.decode(parts[3], padded: false), salt.count == 16,
            let hash = Base64.decode(parts[4], padded: false), hash.count == 32
        else { return nil }
        self.init(cost: cost, salt: salt, hash: hash)
    }

    /// The text to store.
    package var string: String {
        let parts = [salt, hash].map { Base64.encode($0, padded: false) }.joined(separator: "$")
        return "$scrypt$ln=\(cost.logN),r=\(cost.r),p=\(cost.p)$\(parts)"
    }

    /// Whether `password` is the hashed one. A wrong one takes as long as the right one.
    package func verifies(_ password: Secret) -> Bool {
        ConstantTime.equal(Scrypt.derive(password, salt: salt, cost: cost, count: 32), hash)
    }

    /// Whether the hash has another cost than `wanted` and should be replaced at the next sign-in.
    package func needsRehash(_ wanted: Cost = .standard) -> Bool { cost != wanted.scrypt }

    private static func cost(_ text: Substring) -> Scrypt.Cost? {
        let values = text.split(separator: ",", omittingEmptySubsequences: false)
        guard values.count == 3, values[0].hasPrefix("ln="), values[1].hasPrefix("r="), values[2].hasPrefix("p="),
            let logN = UInt8(values[0].dropFirst(3)), let r = UInt8(values[1].dropFirst(2)),
            let p = UInt8(values[2].dropFirst(2))
        else { return nil }
        let cost = Scrypt.Cost(logN: logN, r: r, p: p)
        return cost.isAcceptable ? cost : nil
    }
}

extension PasswordHash: CustomStringConvertible, CustomReflectable {
    /// The same text for every hash, because a printed hash permits offline guessing.
    package var description: String { "[password hash]" }
    /// A mirror without children.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
