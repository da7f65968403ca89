import JOSE

/// Nonces for DPoP proofs that need no memory: a nonce is the number of its period with a MAC.
///
/// A nonce bounds how far ahead somebody who can use a key for a moment can collect proofs: to the end of the next period.
///
/// Spec: RFC 9449 §8
package struct DPoPNonces: Sendable {
    /// The length of a period in seconds. A nonce is accepted in its period and in the next one.
    package static let period: Int64 = 300
    private static let label = Array("DPoP nonce".utf8)
    // The MAC is cut to 128 bits, which nobody guesses within ten minutes.
    private static let (numberSize, macSize) = (8, 16)

    private let key: Secret

    /// Nonces under a key of at least 32 bytes, which may serve other purposes too.
    package init(key: [UInt8]) { self.key = Secret(bytes: key) }

    /// The nonce of the period at `now`, which a server hands out.
    package func current(at now: Timestamp) -> String { nonce(of: Self.number(of: now)) }

    /// Whether a nonce is of this period or the one before.
    package func accepts(_ nonce: String, at now: Timestamp) -> Bool {
        let number = Self.number(of: now)
        let sent = Array(nonce.utf8)
        return [number, number - 1].contains { ConstantTime.equal(Array(self.nonce(of: $0).utf8), sent) }
    }

    private static func number(of now: Timestamp) -> Int64 { now.seconds / period }

    private func nonce(of number: Int64) -> String {
        let bytes = (0..<Self.numberSize).map { place in
            UInt8(truncatingIfNeeded: number >> (8 * Int64(Self.numberSize - 1 - place)))
        }
        return Base64URL.encode(bytes + HMAC.sha256(key: key.bytes, Self.label, bytes).prefix(Self.macSize))
    }
}
