import COpenSSL

/// A public key that OpenSSL has parsed and checked, for any number of verifications.
///
/// Spec: RFC 7518 §3
/// Spec: RFC 8037 §3.1
package struct VerificationKey: Sendable {
    /// The key as published.
    package let jwk: JWK
    private let key: OpenSSLKey

    /// Parses a key; refuses invalid numbers, such as a point that is not on its curve.
    package init(_ jwk: JWK) throws(KeyError) {
        self.jwk = jwk
        key = try OpenSSLKey(jwk.material)
    }

    /// Whether the signature over these bytes is valid; false for an algorithm that the key does not permit.
    package func verifies(_ signature: [UInt8], over message: [UInt8], _ algorithm: SignatureAlgorithm) -> Bool {
        guard jwk.algorithms.contains(algorithm) else { return false }
        switch algorithm {
        case .es256:
            guard let der = ECDSASignature.der(raw: signature, size: 32) else { return false }
            return check(der, message, Algorithms.sha256)
        case .es384:
            guard let der = ECDSASignature.der(raw: signature, size: 48) else { return false }
            return check(der, message, Algorithms.sha384)
        case .edDSA: return check(signature, message, nil)
        case .rs256: return check(signature, message, Algorithms.sha256)
        case .ps256: return check(signature, message, Algorithms.sha256, pss: true)
        }
    }

    private func check(_ signature: [UInt8], _ message: [UInt8], _ digest: OpaquePointer?, pss: Bool = false) -> Bool {
        guard let context = EVP_MD_CTX_new() else { return false }
        defer {
            EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        var parameters: OpaquePointer?
        guard EVP_DigestVerifyInit(context, &parameters, digest, nil, key.pointer) == 1 else { return false }
        if pss {
            // RFC 7518 §3.5: the salt is as long as the digest.
            guard EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1,
                EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1
            else { return false }
        }
        return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}

/// Converts ECDSA signatures between JOSE's form (r and s concatenated) and OpenSSL's (DER).
///
/// Spec: RFC 7518 §3.4
enum ECDSASignature {
    /// Converts a JOSE signature to DER; nil unless its length fits the curve.
    static func der(raw: [UInt8], size: Int) -> [UInt8]? {
        guard raw.count == 2 * size, let signature = ECDSA_SIG_new() else { return nil }
        defer { ECDSA_SIG_free(signature) }
        let r = BN_bin2bn(raw, Int32(size), nil)
        let s = Array(raw[size...]).withUnsafeBufferPointer { BN_bin2bn($0.baseAddress, Int32(size), nil) }
        guard ECDSA_SIG_set0(signature, r, s) == 1 else { return nil }
        var der: UnsafeMutablePointer<UInt8>?
        let count = i2d_ECDSA_SIG(signature, &der)
        defer { COpenSSL_free(der) }
        guard count > 0, let der else { return nil }
        return Array(UnsafeBufferPointer(start: der, count: Int(count)))
    }

    /// Converts DER to a JOSE signature.
    static func raw(der: UnsafeBufferPointer<UInt8>, size: Int) -> [UInt8]? {
        var start = der.baseAddress
        guard let signature = d2i_ECDSA_SIG(nil, &start, der.count) else { return nil }
        defer { ECDSA_SIG_free(signature) }
        return [UInt8](unsafeUninitializedCapacity: 2 * size) { output, count in
            guard let target = output.baseAddress else { return }
            BN_bn2binpad(ECDSA_SIG_get0_r(signature), target, Int32(size))
            BN_bn2binpad(ECDSA_SIG_get0_s(signature), target + size, Int32(size))
            count = 2 * size
        }
    }
}
