import JOSE
import OAuth

/// The checks of an access token's claims: issuer, audience, lifetime, key.
///
/// Spec: RFC 9068 §4
struct AccessTokenRule: Sendable {
    let issuer: Issuer
    let resource: ResourceIdentifier
    let catalogue: ScopeCatalogue
    let allowedSkew: Int64

    /// Seconds that `iat` may lie ahead of the local clock.
    private static let datingTolerance: Int64 = 60

    /// The access that a signed token's claims grant; demands every claim of RFC 9068 §2.2.
    func access(signed claims: JSONObject, now: Int64) throws(TokenRejection) -> Access {
        guard claims["iss"] != nil, claims["iat"] != nil, claims["jti"]?.string != nil else {
            throw TokenRejection("the token lacks a claim that RFC 9068 demands")
        }
        return try access(claims, now: now)
    }

    /// The access that an introspection response or a signed token's claims grant.
    func access(_ claims: JSONObject, now: Int64) throws(TokenRejection) -> Access {
        try demandIssuer(claims)
        try demandAudience(claims)
        let end = try demandLifetime(claims, now: now)
        let key = try boundKey(claims)
        guard let subject = claims["sub"]?.string, let client = claims["client_id"]?.string else {
            throw TokenRejection("the token names no subject or no client")
        }
        let isClient = try demandActor(claims, subject: subject, client: client)
        let scopes = (claims["scope"]?.string ?? "").split(separator: " ").map(String.init)
        return Access(
            subject: subject, clientID: client, isClient: isClient, sessionID: claims["sid"]?.string,
            scopes: catalogue.closure(of: scopes), expiresAt: end,
            authenticatedAt: claims.date("auth_time"), acr: claims["acr"]?.string,
            keyThumbprint: key?.string, issuedAt: claims.date("iat"))
    }

    /// Whether the client acts for itself. A token that says so with another subject, or that says something else, is refused:
    /// it must not pass as a user's.
    private func demandActor(
        _ claims: JSONObject, subject: String, client: String
    ) throws(TokenRejection) -> Bool {
        guard let actor = claims[ClaimName.actor.rawValue] else { return false }
        guard actor.string == TokenSubject.clientActor, subject == client else {
            throw TokenRejection("the token names an actor that this library does not know")
        }
        return true
    }

    private func demandIssuer(_ claims: JSONObject) throws(TokenRejection) {
        guard let named = claims["iss"] else { return }
        guard named.string == issuer.string else { throw TokenRejection("the token is from another issuer") }
    }

    /// A token without an audience is refused: accepting it would accept the tokens of every other server.
    private func demandAudience(_ claims: JSONObject) throws(TokenRejection) {
        let audience = claims["aud"]?.string.map { [$0] } ?? claims["aud"]?.strings ?? []
        let isForThis = audience.contains { name in
            guard let other = try? ResourceIdentifier(name) else { return false }
            return other.matches(resource)
        }
        guard isForThis else { throw TokenRejection("the token is for another MCP server") }
    }

    private func demandLifetime(_ claims: JSONObject, now: Int64) throws(TokenRejection) -> Int64 {
        guard let end = claims.date("exp") else { throw TokenRejection("the token has no expiration time") }
        guard now - allowedSkew < end else { throw TokenRejection("the token is expired") }
        if claims["nbf"] != nil {
            guard let start = claims.date("nbf"), start <= now + allowedSkew else {
                throw TokenRejection("the token is not valid yet")
            }
        }
        if claims["iat"] != nil {
            guard let dated = claims.date("iat"), dated <= now + max(allowedSkew, Self.datingTolerance) else {
                throw TokenRejection("the token was issued in the future: synchronize the clocks")
            }
        }
        return end
    }

    /// The key that the token is bound to; nil for a bearer token. A token that is bound in another way, or that is said to be bound
    /// without a key, is refused: it must not pass as a bearer token.
    ///
    /// Spec: RFC 9449 §6
    private func boundKey(_ claims: JSONObject) throws(TokenRejection) -> KeyThumbprint? {
        let key: KeyThumbprint?
        do throws(OAuthValueError) {
            key = try KeyThumbprint(confirmation: claims["cnf"])
        } catch {
            throw TokenRejection("the token is bound to something other than a key of DPoP proofs")
        }
        let types = key == nil ? ["bearer"] : ["bearer", "dpop"]
        guard claims["token_type"].map({ types.contains($0.string?.lowercased() ?? "") }) ?? true else {
            throw TokenRejection("the token is of a type that does not fit its cnf claim")
        }
        return key
    }
}

extension JSONObject {
    /// The time of a claim in whole seconds since 1970; nil if it is no NumericDate.
    func date(_ name: String) -> Int64? { Timestamp(numericDate: self[name])?.seconds }
}
