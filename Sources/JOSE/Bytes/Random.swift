import COpenSSL

/// Bytes from the operating system's generator, by way of libcrypto.
package enum Random {
    /// So many unpredictable bytes.
    package static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { output, filled in
            // Going on without randomness would hand out guessable tokens.
            guard RAND_bytes(output.baseAddress, Int32(count)) == 1 else {
                fatalError("libcrypto has no source of randomness")
            }
            filled = count
        }
    }

    /// An unguessable text of so many random bytes.
    package static func token(_ count: Int = 32) -> String {
        Base64URL.encode(bytes(count))
    }
}
