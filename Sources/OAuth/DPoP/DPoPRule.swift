import JOSE

/// The request that a DPoP proof must be for.
package struct DPoPRequest: Hashable, Sendable {
    /// The HTTP method.
    package let method: String
    /// The URI as clients address it: from the configured origin, never from the request's Host.
    package let target: String
    /// The access token in the request; nil for a request without one.
    package let token: BoundToken?

    /// An access token, with the key that it is bound to.
    package struct BoundToken: Hashable, Sendable, RedactedCredential {
        let text: String
        let key: KeyThumbprint

        /// A verified access token and the key of its `cnf` claim. Both are compared, so neither goes without the other.
        package init(_ text: String, boundTo key: KeyThumbprint) {
            self.text = text
            self.key = key
        }
    }

    /// Makes a request from its parts.
    package init(method: String, target: String, token: BoundToken? = nil) {
        self.method = method
        self.target = target
        self.token = token
    }
}

/// Decides whether a proof is for a request.
///
/// The order is policy: what the proof is for, when it was made, which token it is with. Nonce and replay come after, because only a
/// proof that is right otherwise is worth remembering.
///
/// Spec: RFC 9449 §4.3
package enum DPoPRule {
    /// How far the clock of a client may differ, in seconds, in both directions.
    package static let tolerance: Int64 = 300

    /// The last second at which a proof that is accepted now is accepted. Whoever remembers used proofs has to remember this one
    /// until then: a proof from the future for twice the tolerance.
    package static func end(of proof: DPoPProof) -> Timestamp { proof.issuedAt + tolerance }

    /// Refuses a proof that is not for `request`.
    package static func check(_ proof: DPoPProof, for request: DPoPRequest, now: Timestamp) throws(OAuthError) {
        guard proof.method == request.method else {
            throw DPoPProof.refusal("htm is not the method of the request")
        }
        guard let target = ProofTarget(proof.target), target == ProofTarget(request.target) else {
            throw DPoPProof.refusal("htu is not the address of the request")
        }
        guard (now - tolerance...now + tolerance).contains(proof.issuedAt) else {
            throw DPoPProof.refusal("iat is more than \(tolerance) seconds away")
        }
        guard let token = request.token else { return }
        guard let digest = proof.tokenDigest, ConstantTime.equal(digest.bytes, Digest.sha256(token.text).bytes) else {
            throw DPoPProof.refusal("ath is not the digest of the access token")
        }
        // Anybody can make a proof for a stolen token with a key of their own.
        guard proof.thumbprint == token.key else { throw DPoPProof.refusal("the access token is bound to another key") }
    }

    /// The one header of a request; nil for none. Several proofs are refused, because two readers could choose differently.
    package static func header(of fields: [String]) throws(OAuthError) -> String? {
        guard fields.count < 2 else { throw DPoPProof.refusal("more than one DPoP header") }
        return fields.first
    }
}

/// A URI as proofs are compared: normalised by syntax and scheme, without query and fragment.
///
/// Spec: RFC 3986 §6.2.2
/// Spec: RFC 3986 §6.2.3
struct ProofTarget: Hashable {
    private let scheme: String
    private let host: String
    private let port: Int?
    private let path: String

    /// Nil for a URI that is not absolute, that carries user information, or whose path has dot segments: no client needs to send
    /// the latter, and two readers could resolve them differently.
    init?(_ text: String) {
        guard let uri = try? StrictURI(text, called: "htu"), let authority = uri.authority, !uri.hasDotSegments else {
            return nil
        }
        scheme = uri.scheme.lowercased()
        host = authority.host.lowercased()
        port = authority.port ?? uri.defaultPort
        path = uri.path.isEmpty ? "/" : Self.normalised(uri.path)
    }

    /// The path with unreserved characters decoded and other escapes in upper case.
    private static func normalised(_ path: String) -> String {
        var plain: [UInt8] = []
        var rest = Array(path.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%"),
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            else {
                plain.append(byte)
                continue
            }
            if value.isUnreserved {
                plain.append(value)
            } else {
                plain += Array("%".utf8) + rest.prefix(2).map { $0 >= 0x61 ? $0 - 0x20 : $0 }
            }
            rest = rest.dropFirst(2)
        }
        return String(decoding: plain, as: UTF8.self)
    }
}
