import COpenSSL

/// The hash by which an ID token names a token that was issued with it.
///
/// Spec: OpenID Connect Core §3.1.3.6
package enum TokenHash {
    /// The left half of the hash of `token`, in base64url; the algorithm of the ID token's signature chooses the hash function.
    package static func of(_ token: String, for algorithm: SignatureAlgorithm) -> String {
        let digest = hash(Array(token.utf8), algorithm.digest)
        return Base64URL.encode(Array(digest.prefix(digest.count / 2)))
    }

    private static func hash(_ message: [UInt8], _ algorithm: OpaquePointer?) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 64) { output, count in
            var size: UInt32 = 0
            guard EVP_Digest(message, message.count, output.baseAddress, &size, algorithm, nil) == 1 else {
                fatalError("libcrypto could not compute a digest")
            }
            count = Int(size)
        }
    }
}

extension SignatureAlgorithm {
    /// The hash function of the signature. Ed25519 hashes with SHA-512 (RFC 8032 §5.1), and providers do the same here.
    fileprivate var digest: OpaquePointer? {
        switch self {
        case .es256, .rs256, .ps256: Algorithms.sha256
        case .es384: Algorithms.sha384
        case .edDSA: EVP_sha512()
        }
    }
}
