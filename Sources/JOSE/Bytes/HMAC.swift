import COpenSSL

/// HMAC-SHA256, which proves that the author of a message has the key.
///
/// Spec: RFC 2104 §2
package enum HMAC {
    /// Computes the MAC of the concatenated parts. The parts need fixed lengths or separators, or the input is ambiguous.
    ///
    /// A key of less than 32 bytes is a programming error and stops the program: anyone could compute MACs with an empty key.
    package static func sha256(key: [UInt8], _ parts: [UInt8]...) -> [UInt8] {
        precondition(key.count >= 32, "an HMAC key has at least 32 bytes")
        guard let context = EVP_MAC_CTX_dup(template) else { fatalError("libcrypto could not copy a MAC context") }
        defer { EVP_MAC_CTX_free(context) }
        var done = EVP_MAC_init(context, key, key.count, nil)
        for part in parts { done &= EVP_MAC_update(context, part, part.count) }
        return [UInt8](unsafeUninitializedCapacity: 32) { output, count in
            done &= EVP_MAC_final(context, output.baseAddress, &count, 32)
            guard done == 1 else { fatalError("libcrypto could not compute HMAC-SHA256") }
        }
    }

    // Selecting the digest is a lookup by name. It is done once, in a context that calls copy and never change.
    nonisolated(unsafe) private static let template: OpaquePointer = {
        guard let context = COpenSSL_new_HMAC_SHA256(Algorithms.hmac) else {
            fatalError("libcrypto offers no HMAC over SHA-256")
        }
        return context
    }()
}
