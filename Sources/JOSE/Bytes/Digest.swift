import COpenSSL

/// A SHA-256 digest.
package struct Digest: Hashable, Sendable {
    /// The 32 bytes.
    package let bytes: [UInt8]

    /// Makes a digest from 32 stored bytes; nil for another length.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    private init(unchecked bytes: [UInt8]) { self.bytes = bytes }

    /// Computes the digest of bytes.
    package static func sha256(_ bytes: [UInt8]) -> Digest {
        bytes.withUnsafeBufferPointer(sha256)
    }

    /// Computes the digest of a text in UTF-8.
    package static func sha256(_ text: String) -> Digest {
        text.utf8.withContiguousStorageIfAvailable(sha256) ?? sha256(Array(text.utf8))
    }

    /// The digest in base64url.
    package var base64URL: String { Base64URL.encode(bytes) }

    private static func sha256(_ input: UnsafeBufferPointer<UInt8>) -> Digest {
        Digest(
            unchecked: [UInt8](unsafeUninitializedCapacity: 32) { output, count in
                guard EVP_Digest(input.baseAddress, input.count, output.baseAddress, nil, Algorithms.sha256, nil) == 1
                else { fatalError("libcrypto could not compute SHA-256") }
                count = 32
            })
    }
}

/// OpenSSL's algorithm objects, fetched once because a fetch by name takes longer than hashing a token.
///
/// They are immutable and reference-counted, so threads may share them.
enum Algorithms {
    nonisolated(unsafe) static let sha256 = fetched(EVP_MD_fetch(nil, "SHA256", nil), "SHA-256")
    nonisolated(unsafe) static let sha384 = fetched(EVP_MD_fetch(nil, "SHA384", nil), "SHA-384")
    nonisolated(unsafe) static let hmac = fetched(EVP_MAC_fetch(nil, "HMAC", nil), "HMAC")
    nonisolated(unsafe) static let aes256GCM = fetched(EVP_CIPHER_fetch(nil, "AES-256-GCM", nil), "AES-256-GCM")

    private static func fetched(_ algorithm: OpaquePointer?, _ name: String) -> OpaquePointer {
        guard let algorithm else { fatalError("libcrypto offers no \(name); check its openssl.cnf") }
        return algorithm
    }
}
