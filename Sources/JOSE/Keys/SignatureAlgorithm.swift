/// The supported signature algorithms. Gatehouse itself signs with ES256 only.
///
/// `none` and HMACs are missing on purpose, so that no token can select them.
///
/// Spec: RFC 7518 §3.1
/// Spec: RFC 8037 §3.1
package enum SignatureAlgorithm: String, Sendable, CaseIterable {
    /// ECDSA on P-256 with SHA-256.
    case es256 = "ES256"
    /// ECDSA on P-384 with SHA-384.
    case es384 = "ES384"
    /// Ed25519.
    case edDSA = "EdDSA"
    /// RSA with PKCS #1 v1.5 and SHA-256.
    case rs256 = "RS256"
    /// RSA with PSS and SHA-256.
    case ps256 = "PS256"
}
