import COpenSSL

/// Comparison whose duration does not tell how much of a guess was right.
package enum ConstantTime {
    /// Whether both are the same bytes; only their lengths may be learned from the time it takes.
    package static func equal(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        a.count == b.count && CRYPTO_memcmp(a, b, a.count) == 0
    }
}
