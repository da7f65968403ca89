import COpenSSL

/// Random bytes from libcrypto's generator, which the operating system seeds.
package enum Random {
    /// Generates unpredictable bytes.
    package static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { output, filled in
            // Without randomness, tokens would be guessable.
            guard RAND_bytes(output.baseAddress, Int32(count)) == 1 else {
                fatalError("libcrypto has no source of randomness")
            }
            filled = count
        }
    }

    /// Generates random bytes in base64url.
    package static func token(_ count: Int = 32) -> String {
        Base64URL.encode(bytes(count))
    }
}
