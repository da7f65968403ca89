import JOSE
import OAuth

/// What the claims of an access token have to say before it is let through.
///
/// Spec: RFC 9068 §4
struct AccessTokenRule: Sendable {
    let issuer: Issuer
    let resource: ResourceIdentifier
    let catalogue: ScopeCatalogue
    let allowedSkew: Int64

    /// How far ahead of our clock the issuer's may be when it dates a token.
    private static let datingTolerance: Int64 = 60

    /// The claims of a signed token, all of which RFC 9068 §2.2 demands.
    func access(signed claims: JSONObject, now: Int64) throws(TokenRejection) -> Access {
        guard claims["iss"] != nil, claims["iat"] != nil, claims["jti"]?.string != nil else {
            throw TokenRejection("the token lacks a claim that RFC 9068 demands")
        }
        return try access(claims, now: now)
    }

    /// The members of an introspection answer, or the claims of a signed token.
    func access(_ claims: JSONObject, now: Int64) throws(TokenRejection) -> Access {
        try demandIssuer(claims)
        try demandAudience(claims)
        let end = try demandLifetime(claims, now: now)
        try demandPlainBearer(claims)
        guard let subject = claims["sub"]?.string, let client = claims["client_id"]?.string else {
            throw TokenRejection("the token names no subject or no client")
        }
        let scopes = (claims["scope"]?.string ?? "").split(separator: " ").map(String.init)
        return Access(
            subject: subject, clientID: client, sessionID: claims["sid"]?.string,
            scopes: catalogue.closure(of: scopes), expiresAt: end,
            authenticatedAt: claims.date("auth_time"), acr: claims["acr"]?.string, issuedAt: claims.date("iat"))
    }

    private func demandIssuer(_ claims: JSONObject) throws(TokenRejection) {
        guard let named = claims["iss"] else { return }
        guard named.string == issuer.string else { throw TokenRejection("the token is from another issuer") }
    }

    /// A token that names no audience is for nobody: taking it would make this server one with every other.
    private func demandAudience(_ claims: JSONObject) throws(TokenRejection) {
        let audience = claims["aud"]?.string.map { [$0] } ?? claims["aud"]?.strings ?? []
        let isForThis = audience.contains { name in
            guard let other = try? ResourceIdentifier(name) else { return false }
            return other.matches(resource)
        }
        guard isForThis else { throw TokenRejection("the token is for another MCP server") }
    }

    private func demandLifetime(_ claims: JSONObject, now: Int64) throws(TokenRejection) -> Int64 {
        guard let end = claims.date("exp") else { throw TokenRejection("the token names no end") }
        guard now - allowedSkew < end else { throw TokenRejection("the token is expired") }
        if claims["nbf"] != nil {
            guard let start = claims.date("nbf"), start <= now + allowedSkew else {
                throw TokenRejection("the token is not valid yet")
            }
        }
        if claims["iat"] != nil {
            guard let dated = claims.date("iat"), dated <= now + max(allowedSkew, Self.datingTolerance) else {
                throw TokenRejection("the token is dated in the future: compare the clocks")
            }
        }
        return end
    }

    /// A token that is bound to a key is no bearer token, and nobody here asks for the proof.
    private func demandPlainBearer(_ claims: JSONObject) throws(TokenRejection) {
        guard claims["cnf"] == nil, claims["token_type"].map({ $0.string?.lowercased() == "bearer" }) ?? true else {
            throw TokenRejection("the token is bound to a key and is no bearer token")
        }
    }
}

extension JSONObject {
    /// A NumericDate, of which a fraction of a second is cut off.
    ///
    /// Spec: RFC 7519 §2
    func date(_ name: String) -> Int64? {
        switch self[name] {
        case .integer(let seconds): seconds
        case .number(let seconds): Int64(exactly: seconds.rounded(.down))
        case .null, .bool, .string, .array, .object, nil: nil
        }
    }
}
