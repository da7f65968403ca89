import JOSE
import OAuth
import Outbound

/// What a provider gave out for one person, as it is sealed and kept.
struct ProviderTokens: Sendable, RedactedCredential {
    private static let longest = 16_384

    let access: String
    let refresh: String?
    /// When the access token ends, if the provider said so.
    let expiresAt: Timestamp?

    /// Whether the access token can still be used for so many seconds; one of unknown life always can.
    func last(_ seconds: Int64, from now: Timestamp) -> Bool {
        expiresAt.map { now + seconds < $0 } ?? true
    }

    /// Reads what `bytes` wrote.
    init?(_ bytes: [UInt8]) {
        guard let json = try? JSONObject(parsing: bytes), let access = json["access"]?.string else { return nil }
        self.access = access
        refresh = json["refresh"]?.string
        expiresAt = json["expires_at"]?.integer.map { Timestamp(seconds: $0) }
    }

    /// What is sealed.
    var bytes: [UInt8] {
        var json: JSONObject = ["access": .string(access)]
        json["refresh"] = refresh.map(JSON.string)
        json["expires_at"] = expiresAt.map { .integer($0.seconds) }
        return json.bytes
    }

    /// Reads the body of a token response; without a new refresh token the `earlier` one goes on.
    init(_ body: JSONObject, earlier: ProviderTokens? = nil, now: Timestamp) throws(ProviderFailure) {
        guard body["token_type"]?.string?.lowercased() == "bearer" else {
            throw .unusable("its token is not of the type Bearer")
        }
        guard let access = try Self.token("access_token", of: body) else { throw .unusable("there is no access_token") }
        self.access = access
        refresh = try Self.token("refresh_token", of: body) ?? earlier?.refresh
        expiresAt = try Self.lifetime(body).map { now + $0 }
    }

    /// A token goes into a header one day: visible characters alone.
    static func token(_ name: String, of body: JSONObject) throws(ProviderFailure) -> String? {
        guard let value = body[name], value != .null else { return nil }
        guard let text = value.string, (1...longest).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw .unusable("its \(name) is no token") }
        return text
    }

    private static func lifetime(_ body: JSONObject) throws(ProviderFailure) -> Int64? {
        guard let value = body["expires_in"], value != .null else { return nil }
        // Some write the number as a string.
        let seconds = value.integer ?? value.string.flatMap { Int64($0) }
        guard let seconds, (0...315_360_000).contains(seconds) else { throw .unusable("its expires_in is no number") }
        return seconds
    }
}

/// What came of redeeming a code or of a refresh.
struct ProviderGrant: Sendable {
    let tokens: ProviderTokens
    /// What was granted, where the provider said so.
    let scope: ScopeSet?
    /// A token about the person; it is compared with the request that led to it, and believed nothing else.
    let idToken: Secret?

    /// Reads the answer of a token endpoint.
    ///
    /// Spec: RFC 6749 §5.1
    init(_ response: OutboundResponse, earlier: ProviderTokens? = nil, now: Timestamp) throws(ProviderFailure) {
        let body = try? JSONObject(parsing: response.body)
        switch response.status {
        case 200:
            guard let body, response.isJSON else { throw .unusable("it is not a JSON object") }
            // GitHub, for one, refuses with status 200.
            if let error = body["error"] { throw .refused(ProviderFailure.code(error.string)) }
            tokens = try ProviderTokens(body, earlier: earlier, now: now)
            scope = try Self.scope(body)
            idToken = body["id_token"]?.string.map { Secret($0) }
        case 429, 500...599: throw .unavailable("it answered \(response.status)")
        case 400, 401, 403:
            guard let error = body?["error"]?.string else { throw .unusable("it answered \(response.status)") }
            throw .refused(ProviderFailure.code(error))
        default: throw .unusable("it answered \(response.status)")
        }
    }

    private static func scope(_ body: JSONObject) throws(ProviderFailure) -> ScopeSet? {
        guard let value = body["scope"], value != .null else { return nil }
        // GitHub and Slack put commas between scopes. A scope may hold one by the specification, but none that is known does,
        // and `repo,admin:org` taken for one name would say nothing about what was granted.
        guard let text = value.string, let scope = try? ScopeSet(parsing: text.replacing(",", with: " ")) else {
            throw .unusable("its scope is no list of scopes")
        }
        return scope
    }
}
