import COpenSSL

/// An OpenSSL key and its one reference to it.
///
/// The key is never changed after it was made; OpenSSL allows any number of threads to use such a key.
final class OpenSSLKey: @unchecked Sendable {
    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit { EVP_PKEY_free(pointer) }

    /// Makes OpenSSL's key of a JWK and lets OpenSSL check its arithmetic.
    convenience init(_ material: JWK.Material) throws(KeyError) {
        let made =
            switch material {
            case .ellipticCurve(let curve, let x, let y):
                COpenSSL_import_EC(curve.rawValue, [4] + x + y, 2 * curve.size + 1)
            case .ed25519(let x): EVP_PKEY_new_raw_public_key_ex(nil, "ED25519", nil, x, x.count)
            case .rsa(let modulus, let exponent): Self.rsa(modulus, exponent)
            }
        guard let made else {
            ERR_clear_error()
            throw .invalid
        }
        self.init(made)
        guard let context = EVP_PKEY_CTX_new_from_pkey(nil, made, nil) else { throw .invalid }
        defer { EVP_PKEY_CTX_free(context) }
        guard EVP_PKEY_public_check(context) == 1 else {
            ERR_clear_error()
            throw .invalid
        }
    }

    /// Whether the public half belongs to the private one.
    var isPair: Bool {
        guard let context = EVP_PKEY_CTX_new_from_pkey(nil, pointer, nil) else { return false }
        defer {
            EVP_PKEY_CTX_free(context)
            ERR_clear_error()
        }
        return EVP_PKEY_pairwise_check(context) == 1
    }

    private static func rsa(_ modulus: [UInt8], _ exponent: [UInt8]) -> OpaquePointer? {
        var modulus = native(modulus)
        var exponent = native(exponent)
        return COpenSSL_import_RSA(&modulus, modulus.count, &exponent, exponent.count)
    }

    /// Big-endian bytes in the machine's own order.
    private static func native(_ bytes: [UInt8]) -> [UInt8] {
        1.bigEndian == 1 ? bytes : bytes.reversed()
    }
}

/// A signature that is set up as far as the key goes and that every message copies: looking the algorithm up anew would
/// cost an eighth of signing.
///
/// Nobody changes it after it was made; copying only reads it.
final class PreparedSignature: @unchecked Sendable {
    private let template: OpaquePointer

    init(_ key: OpenSSLKey) throws(KeyError) {
        guard let template = EVP_MD_CTX_new() else { throw .invalid }
        self.template = template
        guard EVP_DigestSignInit(template, nil, Algorithms.sha256, nil, key.pointer) == 1 else { throw .invalid }
    }

    deinit { EVP_MD_CTX_free(template) }

    /// A context for one message, which the caller frees.
    func copy() -> OpaquePointer? {
        guard let context = EVP_MD_CTX_new() else { return nil }
        guard EVP_MD_CTX_copy_ex(context, template) == 1 else {
            EVP_MD_CTX_free(context)
            return nil
        }
        return context
    }
}
