import COpenSSL

/// Why a value could not be sealed.
package enum SealingError: String, Error, CustomStringConvertible {
    /// More than 16 MiB.
    case tooLarge = "Only values up to 16 MiB can be sealed."

    /// One sentence.
    package var description: String { rawValue }
}

/// Authenticated encryption of stored values: without the key nobody can read or change one, or move it to another row.
///
/// A sealed value is: length and name of the key, salt (16), nonce (12), ciphertext, tag (16). Name and context are authenticated
/// with it: a value sealed for one row or purpose does not open for another. Each value has its own AES key, made of the named
/// one and the salt, so that the number of values under one named key need not be counted.
///
/// Spec: NIST SP 800-38D §7
package enum Sealing {
    private static let saltSize = 16
    private static let nonceSize = 12
    private static let tagSize = 16

    /// Seals bytes for one context.
    package static func seal(_ plain: [UInt8], key: NamedKey, context: String) throws(SealingError) -> [UInt8] {
        guard plain.count <= 16 << 20 else { throw .tooLarge }
        let name = Array(key.id.utf8)
        let header = [UInt8(name.count)] + name
        let salt = Random.bytes(saltSize)
        let nonce = Random.bytes(nonceSize)
        // A random nonce is safe for any number of values, because each has a key of its own.
        let (ciphertext, tag) = encrypt(
            plain, key: HMAC.sha256(key: key.bytes, purpose, salt), nonce: nonce,
            associated: header + Array(context.utf8))
        return header + salt + nonce + ciphertext + tag
    }

    /// Opens a sealed value; nil if the key, the context or a single bit differs.
    package static func open(_ sealed: [UInt8], keys: (String) -> NamedKey?, context: String) -> [UInt8]? {
        guard let size = sealed.first, size > 0 else { return nil }
        let body = 1 + Int(size)
        // The tag always has its full length: a shorter one could be guessed.
        guard sealed.count >= body + saltSize + nonceSize + tagSize else { return nil }
        guard let id = String(validating: sealed[1..<body], as: UTF8.self), let key = keys(id) else { return nil }
        let start = body + saltSize + nonceSize
        return decrypt(
            Array(sealed[start..<(sealed.count - tagSize)]), tag: Array(sealed.suffix(tagSize)),
            key: HMAC.sha256(key: key.bytes, purpose, Array(sealed[body..<(body + saltSize)])),
            nonce: Array(sealed[(body + saltSize)..<start]), associated: sealed[..<body] + Array(context.utf8))
    }

    /// The name of the key in a sealed value; nil for a malformed value.
    package static func keyID(of sealed: [UInt8]) -> String? {
        guard let size = sealed.first, size > 0, sealed.count > Int(size) else { return nil }
        return String(validating: sealed[1..<(1 + Int(size))], as: UTF8.self)
    }

    private static let purpose = Array("gatehouse sealing 1".utf8)

    private static func encrypt(
        _ plain: [UInt8], key: [UInt8], nonce: [UInt8], associated: [UInt8]
    ) -> (ciphertext: [UInt8], tag: [UInt8]) {
        guard let context = EVP_CIPHER_CTX_new() else { fatalError("libcrypto could not make a cipher context") }
        defer { EVP_CIPHER_CTX_free(context) }
        var ciphertext = [UInt8](repeating: 0, count: plain.count)
        var tag = [UInt8](repeating: 0, count: tagSize)
        var rest = [UInt8](repeating: 0, count: 16)
        var count: Int32 = 0
        guard EVP_EncryptInit_ex2(context, Algorithms.aes256GCM, key, nonce, nil) == 1,
            EVP_EncryptUpdate(context, nil, &count, associated, Int32(associated.count)) == 1,
            EVP_EncryptUpdate(context, &ciphertext, &count, plain, Int32(plain.count)) == 1,
            EVP_EncryptFinal_ex(context, &rest, &count) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tagSize), &tag) == 1
        else { fatalError("libcrypto could not encrypt with AES-256-GCM") }
        return (ciphertext, tag)
    }

    private static func decrypt(
        _ ciphertext: [UInt8], tag: [UInt8], key: [UInt8], nonce: [UInt8], associated: ArraySlice<UInt8>
    ) -> [UInt8]? {
        guard let context = EVP_CIPHER_CTX_new() else { fatalError("libcrypto could not make a cipher context") }
        defer {
            EVP_CIPHER_CTX_free(context)
            ERR_clear_error()
        }
        var tag = tag
        var plain = [UInt8](repeating: 0, count: ciphertext.count)
        var rest = [UInt8](repeating: 0, count: 16)
        var count: Int32 = 0
        guard EVP_DecryptInit_ex2(context, Algorithms.aes256GCM, key, nonce, nil) == 1,
            EVP_DecryptUpdate(context, nil, &count, Array(associated), Int32(associated.count)) == 1,
            EVP_DecryptUpdate(context, &plain, &count, ciphertext, Int32(ciphertext.count)) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tagSize), &tag) == 1,
            EVP_DecryptFinal_ex(context, &rest, &count) == 1
        else { return nil }
        return plain
    }
}
