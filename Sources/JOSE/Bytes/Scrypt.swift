import COpenSSL

/// Turns what a person can remember into a key, slowly and with much memory, so that guessing is as costly.
///
/// Spec: RFC 7914 §6
enum Scrypt {
    /// 2^logN rounds over blocks of r times 128 bytes, p times.
    struct Cost: Hashable, Sendable {
        var logN: UInt8
        var r: UInt8
        var p: UInt8

        /// What a stored cost may ask for: enough for the future, too little to stop a server.
        var isBearable: Bool { 1...18 ~= logN && 1...16 ~= r && 1...8 ~= p }
    }

    static func derive(_ secret: Secret, salt: [UInt8], cost: Cost, count: Int) -> [UInt8] {
        precondition(cost.isBearable, "a scrypt cost within bounds")
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
