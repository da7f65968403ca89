import JOSE
import OAuth
import Storage
import Synchronization

/// The tokens with which MCP servers with keys call the endpoints for MCP servers, where an assertion has no place: those endpoints
/// take JSON or no body at all.
///
/// A token has a type of its own, so that no MCP server takes it for an access token of a user. It names the keys that it was issued
/// for, a set or the URL of one: it ends when the MCP server gets others. A key that is removed at the URL leaves its tokens valid until
/// they expire.
///
/// Spec: RFC 6749 §4.4
final class ServerTokens: Sendable {
    /// The lifetime of a token, in seconds.
    static let lifetime: Int64 = 600
    private static let type = "gatehouse-server+jwt"
    private static let keysMember = "keys"
    private static let capacity = 1_000

    /// What a token proves.
    struct Claims: Sendable {
        let resource: ResourceID
        /// The digest of the keys that the MCP server authenticated with.
        let keys: String
        let expiresAt: Timestamp
    }

    private struct Known {
        let kid: String
        let claims: Claims
    }

    private let keys: KeyRing
    private let issuer: Issuer
    private let known = Mutex<[Digest: Known]>([:])

    init(keys: KeyRing, issuer: Issuer) {
        self.keys = keys
        self.issuer = issuer
    }

    /// A token for an MCP server that authenticated with these keys.
    func issue(to resource: ResourceID, for clientKeys: ClientKeys, now: Timestamp) throws -> String {
        var claims: JSONObject = [Self.keysMember: .string(clientKeys.digest)]
        claims[ClaimName.issuer.rawValue] = .string(issuer.string)
        claims[ClaimName.audience.rawValue] = .string(issuer.string)
        claims[ClaimName.subject.rawValue] = .string(resource.string)
        claims[ClaimName.tokenID.rawValue] = .string(Random.token(16))
        claims[ClaimName.issuedAt.rawValue] = .integer(now.seconds)
        claims[ClaimName.expiresAt.rawValue] = .integer((now + Self.lifetime).seconds)
        return try JWT.sign(typ: Self.type, claims: claims, with: keys.signing(.tokens, at: now.seconds))
    }

    /// The claims of the live token in an Authorization header; nil for any other header.
    func claims(of authorization: String, now: Timestamp) -> Claims? {
        guard authorization.utf8.count <= 8192, let blank = authorization.firstIndex(of: " "),
            authorization[..<blank].lowercased() == "bearer"
        else { return nil }
        let token = String(authorization[blank...].drop { $0 == " " })
        guard let claims = verified(token, now: now), now < claims.expiresAt else { return nil }
        return claims
    }

    /// A signature fixes the claims, so each token is verified once; whether its key is still in use is checked each time.
    private func verified(_ token: String, now: Timestamp) -> Claims? {
        let digest = Digest.sha256(token)
        if let known = known.withLock({ $0[digest] }) {
            return keys.accepts(.tokens, kid: known.kid, at: now.seconds) ? known.claims : nil
        }
        guard
            let verified = try? JWT.verify(
                token, typ: Self.type, algorithms: [.es256], keys: keys.verification(.tokens, at: now.seconds)),
            let kid = verified.kid, let claims = Claims(verified.claims, issuer: issuer)
        else { return nil }
        known.withLock { known in
            if known.count >= Self.capacity { known.removeAll(keepingCapacity: true) }
            known[digest] = Known(kid: kid, claims: claims)
        }
        return claims
    }
}

extension ServerTokens.Claims {
    fileprivate init?(_ claims: JSONObject, issuer: Issuer) {
        guard claims[ClaimName.issuer.rawValue]?.string == issuer.string,
            claims[ClaimName.audience.rawValue]?.string == issuer.string,
            let resource = claims[ClaimName.subject.rawValue]?.string.flatMap({ ResourceID($0) }),
            let keys = claims["keys"]?.string, let end = claims[ClaimName.expiresAt.rawValue]?.integer
        else { return nil }
        self.init(resource: resource, keys: keys, expiresAt: Timestamp(seconds: end))
    }
}

extension ClientKeys {
    /// Names these keys: the set, or the URL where its owner replaces it.
    fileprivate var digest: String {
        switch self {
        case .inline(let bytes): Digest.sha256(bytes).base64URL
        case .url(let url): Digest.sha256(url).base64URL
        }
    }

    /// Whether a token was issued for these keys.
    func match(_ claims: ServerTokens.Claims) -> Bool { digest == claims.keys }
}
