import COpenSSL

/// A SHA-256 digest of bytes that arrive in pieces, such as those of a large file.
package final class DigestStream {
    private let context: OpaquePointer

    /// The digest of nothing so far.
    package init() {
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex2(context, Algorithms.sha256, nil) == 1 else {
            fatalError("libcrypto could not begin a SHA-256")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Appends bytes.
    package func append(_ bytes: some Collection<UInt8>) {
        let done =
            bytes.withContiguousStorageIfAvailable { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
            ?? Array(bytes).withUnsafeBufferPointer { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
        guard done == 1 else { fatalError("libcrypto could not continue a SHA-256") }
    }

    /// The digest of everything that was appended. Nothing can be appended afterwards.
    package func finish() -> Digest {
        let bytes = [UInt8](unsafeUninitializedCapacity: 32) { output, count in
            guard EVP_DigestFinal_ex(context, output.baseAddress, nil) == 1 else {
                fatalError("libcrypto could not finish a SHA-256")
            }
            count = 32
        }
        guard let digest = Digest(bytes: bytes) else { fatalError("a SHA-256 has 32 bytes") }
        return digest
    }
}
