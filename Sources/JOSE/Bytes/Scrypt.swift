import COpenSSL

/// Derives a key from a password with much time and memory, so that each guess costs an attacker as much.
///
/// Spec: RFC 7914 §6
enum Scrypt {
    /// The cost: 2^logN rounds over blocks of r · 128 bytes, p times.
    struct Cost: Hashable, Sendable {
        var logN: UInt8
        var r: UInt8
        var p: UInt8

        /// Whether a stored cost is within bounds: a manipulated row must not exhaust the server.
        var isAcceptable: Bool { 1...18 ~= logN && 1...16 ~= r && 1...8 ~= p }
    }

    static func derive(_ secret: Secret, salt: [UInt8], cost: Cost, count: Int) -> [UInt8] {
        precondition(cost.isAcceptable, "a scrypt cost within bounds")
        return [UInt8](unsafeUninitializedCapacity: count) { output, filled in
            let done = secret.bytes.withUnsafeBytes { password in
                EVP_PBE_scrypt(
                    password.baseAddress?.assumingMemoryBound(to: CChar.self), password.count, salt, salt.count,
                    1 << UInt64(cost.logN), UInt64(cost.r), UInt64(cost.p), 1 << 30, output.baseAddress, count)
            }
            guard done == 1 else { fatalError("libcrypto could not compute scrypt") }
            filled = count
        }
    }
}
