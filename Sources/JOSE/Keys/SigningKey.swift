import COpenSSL

/// A P-256 key that signs with ES256.
///
/// Spec: RFC 7518 §3.4
package final class SigningKey: Sendable {
    /// The name of the key: the thumbprint of its public key.
    package let kid: String
    /// The public key, parsed for verification.
    package let verification: VerificationKey
    /// The public key as published.
    package var jwk: JWK { verification.jwk }
    private let key: OpenSSLKey
    private let prepared: PreparedSignature

    /// Generates a key.
    package static func generate() -> SigningKey {
        guard let pointer = COpenSSL_generate_P256(), let key = try? SigningKey(OpenSSLKey(pointer)) else {
            fatalError("libcrypto could not make a P-256 key")
        }
        return key
    }

    /// Parses a private key in PEM; an encrypted one needs the passphrase.
    ///
    /// Spec: RFC 5958 §2
    package convenience init(pem: [UInt8], passphrase: Secret? = nil) throws(KeyError) {
        // Without a passphrase OpenSSL would prompt at the terminal; an empty one opens nothing.
        var text = (passphrase?.bytes ?? []).map { CChar(bitPattern: $0) } + [0]
        // The BIO does not copy the bytes, so they must outlive it.
        let pointer = pem.withUnsafeBytes { bytes -> OpaquePointer? in
            let file = BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count))
            defer { BIO_free(file) }
            return PEM_read_bio_PrivateKey(file, nil, nil, &text)
        }
        OPENSSL_cleanse(&text, text.count)
        guard let pointer else {
            ERR_clear_error()
            throw .unreadable
        }
        let key = OpenSSLKey(pointer)
        guard key.isPair else { throw .unreadable }
        try self.init(key)
    }

    private init(_ key: OpenSSLKey) throws(KeyError) {
        var name = [CChar](repeating: 0, count: 32)
        var point = [UInt8](repeating: 0, count: 65)
        var count = 0
        guard EVP_PKEY_is_a(key.pointer, "EC") == 1,
            EVP_PKEY_get_group_name(key.pointer, &name, name.count, nil) == 1, strcmp(name, "prime256v1") == 0,
            EVP_PKEY_get_octet_string_param(key.pointer, OSSL_PKEY_PARAM_PUB_KEY, &point, point.count, &count) == 1,
            count == 65, point[0] == 4
        else {
            ERR_clear_error()
            throw .unreadable
        }
        let material = JWK.Material.ellipticCurve(.p256, x: Array(point[1..<33]), y: Array(point[33...]))
        kid = JWK(material).thumbprint
        verification = try VerificationKey(JWK(material, kid: kid, alg: .es256, use: "sig"))
        self.key = key
        prepared = try PreparedSignature(key)
    }

    /// Signs a message; returns r and s concatenated, 64 bytes.
    package func sign(_ message: [UInt8]) throws(KeyError) -> [UInt8] {
        guard let context = prepared.copy() else { throw .invalid }
        defer { EVP_MD_CTX_free(context) }
        let raw = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 80) { der -> [UInt8]? in
            var count = der.count
            guard EVP_DigestSign(context, der.baseAddress, &count, message, message.count) == 1 else { return nil }
            return ECDSASignature.raw(der: UnsafeBufferPointer(rebasing: der[..<count]), size: 32)
        }
        guard let raw else {
            ERR_clear_error()
            throw .invalid
        }
        return raw
    }

    /// The private key as PKCS #8 in PEM; with a passphrase it is encrypted by AES-256 with scrypt.
    package func pem(passphrase: Secret? = nil) throws(KeyError) -> [UInt8] {
        let file = BIO_new(BIO_s_secmem())
        let plain = EVP_PKEY2PKCS8(key.pointer)
        defer {
            PKCS8_PRIV_KEY_INFO_free(plain)
            BIO_free(file)
        }
        let written: Int32
        if let passphrase {
            let sealed = Self.encrypt(plain, passphrase)
            defer { X509_SIG_free(sealed) }
            written = sealed == nil ? 0 : PEM_write_bio_PKCS8(file, sealed)
        } else {
            written = PEM_write_bio_PKCS8_PRIV_KEY_INFO(file, plain)
        }
        var text: UnsafeMutablePointer<CChar>?
        let count = COpenSSL_BIO_get_mem_data(file, &text)
        guard written == 1, count > 0, let text else {
            ERR_clear_error()
            throw .invalid
        }
        return UnsafeRawBufferPointer(start: text, count: count).map { $0 }
    }

    private static func encrypt(_ plain: OpaquePointer?, _ passphrase: Secret) -> OpaquePointer? {
        let scheme = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), nil, 0, nil, 1 << 14, 8, 1)
        let text = passphrase.bytes.map { CChar(bitPattern: $0) }
        let sealed = PKCS8_set0_pbe(text, Int32(text.count), plain, scheme)
        // On success the result owns the scheme; on failure it has to be freed here.
        if sealed == nil { X509_ALGOR_free(scheme) }
        return sealed
    }
}
