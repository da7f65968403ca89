import COpenSSL

/// Keyed hashing: proves that whoever made a text held the key.
///
/// Spec: RFC 2104 §2
package enum HMAC {
    /// The HMAC-SHA256 of the parts one after the other; the caller's parts must have fixed lengths or separators.
    ///
    /// A key under 32 bytes is a programming error and stops the program: an empty one would authenticate everybody.
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

    // Naming the digest is a look-up: it is done once, in a context that every call copies and none changes.
    nonisolated(unsafe) private static let template: OpaquePointer = {
        guard let context = COpenSSL_new_HMAC_SHA256(Algorithms.hmac) else {
            fatalError("libcrypto offers no HMAC over SHA-256")
        }
        return context
    }()
}
