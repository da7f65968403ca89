import COpenSSL

/// The owner of an OpenSSL key.
///
/// The key is immutable after creation, and OpenSSL permits any number of threads to use such a key.
final class OpenSSLKey: @unchecked Sendable {
    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit { EVP_PKEY_free(pointer) }

    /// Imports a JWK and checks that a point is on its curve.
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
        // For an RSA key OpenSSL would search the modulus for divisors and test it for being prime: up to a second of work for each
        // key that a stranger sends. A weak modulus harms only the party that publishes it.
        if case .rsa = material { return }
        // The quick check is complete here: these curves have prime order, so every point on them is in the group.
        guard let context = EVP_PKEY_CTX_new_from_pkey(nil, made, nil) else { throw .invalid }
        defer { EVP_PKEY_CTX_free(context) }
        guard EVP_PKEY_public_check_quick(context) == 1 else {
            ERR_clear_error()
            throw .invalid
        }
    }

    /// Whether public and private key belong together.
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

    /// Converts big-endian bytes to the machine's byte order.
    private static func native(_ bytes: [UInt8]) -> [UInt8] {
        1.bigEndian == 1 ? bytes : bytes.reversed()
    }
}

/// A signing context with key and algorithm, which every signature copies: a new lookup of the algorithm would take an eighth of
/// the time of signing.
///
/// It is immutable after creation, and copying only reads it, so threads may share it.
final class PreparedSignature: @unchecked Sendable {
    private let template: OpaquePointer

    init(_ key: OpenSSLKey) throws(KeyError) {
        guard let template = EVP_MD_CTX_new() else { throw .invalid }
        self.template = template
        guard EVP_DigestSignInit(template, nil, Algorithms.sha256, nil, key.pointer) == 1 else { throw .invalid }
    }

    deinit { EVP_MD_CTX_free(template) }

    /// A context for one message. The caller frees it.
    func copy() -> OpaquePointer? {
        guard let context = EVP_MD_CTX_new() else { return nil }
        guard EVP_MD_CTX_copy_ex(context, template) == 1 else {
            EVP_MD_CTX_free(context)
            return nil
        }
        return context
    }
}
