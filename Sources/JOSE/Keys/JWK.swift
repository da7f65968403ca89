/// A public JSON Web Key, checked for syntax and size before any arithmetic.
///
/// Spec: RFC 7517 §4
/// Spec: RFC 7518 §6
/// Spec: RFC 8037 §2
package struct JWK: Hashable, Sendable {
    /// The curves of keys with two coordinates.
    package enum Curve: String, Sendable {
        /// The curve of ES256.
        case p256 = "P-256"
        /// The curve of ES384.
        case p384 = "P-384"

        /// The size of a coordinate in bytes.
        var size: Int { self == .p256 ? 32 : 48 }
    }

    /// The key material.
    package enum Material: Hashable, Sendable {
        /// A point on a curve.
        case ellipticCurve(Curve, x: [UInt8], y: [UInt8])
        /// An Ed25519 key.
        case ed25519(x: [UInt8])
        /// Modulus and exponent.
        case rsa(modulus: [UInt8], exponent: [UInt8])
    }

    /// The key material.
    package let material: Material
    /// The key's name within its set.
    package var kid: String?
    /// The only permitted algorithm, if the key names one.
    package let alg: SignatureAlgorithm?
    /// `sig`, `enc` or nil.
    package let use: String?

    init(_ material: Material, kid: String? = nil, alg: SignatureAlgorithm? = nil, use: String? = nil) {
        self.material = material
        self.kid = kid
        self.alg = alg
        self.use = use
    }

    /// Parses a public key; refuses private, unknown, oversized and malformed ones.
    package init(json: JSONObject) throws(KeyError) {
        let secrets = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]
        guard secrets.allSatisfy({ json[$0] == nil }) else { throw .privateMaterial }
        material = try Self.material(of: json)
        kid = try Self.text("kid", of: json)
        use = try Self.text("use", of: json)
        if let name = try Self.text("alg", of: json) {
            guard let known = SignatureAlgorithm(rawValue: name) else { throw .unsupported }
            alg = known
        } else {
            alg = nil
        }
        guard alg.map(material.algorithms.contains) ?? true else { throw .malformed }
    }

    /// The algorithms that this key may verify: those of its type, narrowed by `use` and `alg`.
    package var algorithms: Set<SignatureAlgorithm> {
        guard use == nil || use == "sig" else { return [] }
        return alg.map { [$0] } ?? material.algorithms
    }

    /// `EC`, `OKP` or `RSA`.
    package var kty: String {
        switch material {
        case .ellipticCurve: "EC"
        case .ed25519: "OKP"
        case .rsa: "RSA"
        }
    }

    /// The name of the curve; nil for RSA.
    package var crv: String? {
        switch material {
        case .ellipticCurve(let curve, _, _): curve.rawValue
        case .ed25519: "Ed25519"
        case .rsa: nil
        }
    }

    /// The key as JSON.
    package var json: JSONObject {
        var object = requiredMembers
        object["use"] = use.map(JSON.string)
        object["alg"] = alg.map { .string($0.rawValue) }
        object["kid"] = kid.map(JSON.string)
        return object
    }

    /// The thumbprint, which serves as the key's name.
    ///
    /// Spec: RFC 7638 §3
    package var thumbprint: String { Digest.sha256(requiredMembers.bytes).base64URL }

    // In alphabetical order, as the thumbprint demands.
    private var requiredMembers: JSONObject {
        switch material {
        case .ellipticCurve(let curve, let x, let y):
            ["crv": .string(curve.rawValue), "kty": "EC", "x": Self.encoded(x), "y": Self.encoded(y)]
        case .ed25519(let x): ["crv": "Ed25519", "kty": "OKP", "x": Self.encoded(x)]
        case .rsa(let modulus, let exponent):
            ["e": Self.encoded(exponent), "kty": "RSA", "n": Self.encoded(modulus)]
        }
    }

    private static func encoded(_ bytes: [UInt8]) -> JSON { .string(Base64URL.encode(bytes)) }
}

extension JWK.Material {
    var algorithms: Set<SignatureAlgorithm> {
        switch self {
        case .ellipticCurve(.p256, _, _): [.es256]
        case .ellipticCurve(.p384, _, _): [.es384]
        case .ed25519: [.edDSA]
        case .rsa: [.rs256, .ps256]
        }
    }
}

extension JWK {
    private static func material(of json: JSONObject) throws(KeyError) -> Material {
        switch json["kty"]?.string {
        case "EC":
            guard let name = json["crv"]?.string else { throw .malformed }
            guard let curve = Curve(rawValue: name) else { throw .unsupported }
            let x = try bytes("x", of: json)
            let y = try bytes("y", of: json)
            guard x.count == curve.size, y.count == curve.size else { throw .malformed }
            return .ellipticCurve(curve, x: x, y: y)
        case "OKP":
            guard json["crv"]?.string == "Ed25519" else { throw .unsupported }
            let x = try bytes("x", of: json)
            guard x.count == 32 else { throw .malformed }
            return .ed25519(x: x)
        case "RSA": return try rsa(modulus: bytes("n", of: json), exponent: bytes("e", of: json))
        case nil: throw .malformed
        default: throw .unsupported
        }
    }

    private static func rsa(modulus: [UInt8], exponent: [UInt8]) throws(KeyError) -> Material {
        // A leading zero would give one key two thumbprints.
        guard let top = modulus.first, top != 0, let first = exponent.first, first != 0 else { throw .malformed }
        let bits = modulus.count * 8 - top.leadingZeroBitCount
        // The upper limits bound the work of a signature check, because strangers choose keys too.
        guard 2048...4096 ~= bits, exponent.count <= 5 else { throw .unsafeSize }
        let value = exponent.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard 65_537...(1 << 32) ~= value, value % 2 == 1 else { throw .unsafeSize }
        guard let last = modulus.last, last % 2 == 1 else { throw .invalid }
        return .rsa(modulus: modulus, exponent: exponent)
    }

    private static func bytes(_ name: String, of json: JSONObject) throws(KeyError) -> [UInt8] {
        // A modulus of 8192 bits is decoded, so that its refusal names the size; longer members are not.
        guard let text = json[name]?.string, text.utf8.count <= 1400 else { throw .malformed }
        guard let bytes = Base64URL.decode(text) else { throw .malformed }
        return bytes
    }

    private static func text(_ name: String, of json: JSONObject) throws(KeyError) -> String? {
        guard let value = json[name] else { return nil }
        guard let text = value.string, text.utf8.count <= 256 else { throw .malformed }
        return text
    }
}
