import COpenSSL

/// Comparison in constant time, so that its duration does not reveal a matching prefix.
package enum ConstantTime {
    /// Whether both have the same bytes. The duration reveals only whether their lengths are equal.
    package static func equal(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        a.count == b.count && CRYPTO_memcmp(a, b, a.count) == 0
    }
}
