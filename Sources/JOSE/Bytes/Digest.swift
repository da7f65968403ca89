import COpenSSL

/// A SHA-256 digest: 32 bytes that stand for a text that nobody keeps.
package struct Digest: Hashable, Sendable {
    /// The 32 bytes.
    package let bytes: [UInt8]

    /// A digest read back from where it was stored, or nil when it has another length.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    private init(unchecked bytes: [UInt8]) { self.bytes = bytes }

    /// The digest of bytes.
    package static func sha256(_ bytes: [UInt8]) -> Digest {
        bytes.withUnsafeBufferPointer(sha256)
    }

    /// The digest of a text's UTF-8.
    package static func sha256(_ text: String) -> Digest {
        text.utf8.withContiguousStorageIfAvailable(sha256) ?? sha256(Array(text.utf8))
    }

    /// The digest as text for the wire.
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

/// OpenSSL's algorithm objects, fetched once: a fetch by name costs more than hashing a token.
///
/// They are immutable and reference-counted, which is why threads may share them.
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
