import JOSE
import OAuth
import Outbound

/// The tokens that a provider issued for one user, as they are sealed and kept.
struct ProviderTokens: Sendable, RedactedCredential {
    private static let longest = 16_384

    let access: String
    let refresh: String?
    /// When the access token expires; nil if the provider did not say.
    let expiresAt: Timestamp?

    /// Whether the access token is valid for so many more seconds; a token without an expiry always is.
    func isValid(for seconds: Int64, from now: Timestamp) -> Bool {
        expiresAt.map { now + seconds < $0 } ?? true
    }

    /// Reads the opened value of a row; nil if it is malformed.
    init?(_ bytes: [UInt8]) {
        guard let json = try? JSONObject(parsing: bytes), let access = json["access"]?.string else { return nil }
        self.access = access
        refresh = json["refresh"]?.string
        expiresAt = json["expires_at"]?.integer.map { Timestamp(seconds: $0) }
    }

    /// The plain text that the vault seals.
    var bytes: [UInt8] {
        var json: JSONObject = ["access": .string(access)]
        json["refresh"] = refresh.map(JSON.string)
        json["expires_at"] = expiresAt.map { .integer($0.seconds) }
        return json.bytes
    }

    /// Reads the body of a token response; without a new refresh token the `earlier` one stays in use.
    init(_ body: JSONObject, earlier: ProviderTokens? = nil, now: Timestamp) throws(ProviderFailure) {
        guard body["token_type"]?.string?.lowercased() == "bearer" else {
            throw .unusable("its token_type is not Bearer")
        }
        guard let access = try Self.token("access_token", of: body) else { throw .unusable("it has no access_token") }
        self.access = access
        refresh = try Self.token("refresh_token", of: body) ?? earlier?.refresh
        expiresAt = try Self.lifetime(body).map { now + $0 }
    }

    /// Reads a token. It must consist of visible ASCII characters: the MCP server puts it into a header.
    static func token(_ name: String, of body: JSONObject) throws(ProviderFailure) -> String? {
        guard let value = body[name], value != .null else { return nil }
        guard let text = value.string, (1...longest).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw .unusable("its \(name) is not a token") }
        return text
    }

    private static func lifetime(_ body: JSONObject) throws(ProviderFailure) -> Int64? {
        guard let value = body["expires_in"], value != .null else { return nil }
        // Some providers send the number as a string.
        let seconds = value.integer ?? value.string.flatMap { Int64($0) }
        guard let seconds, (0...315_360_000).contains(seconds) else {
            throw .unusable("its expires_in is not a number of seconds")
        }
        return seconds
    }
}

/// The successful answer of a token endpoint.
struct ProviderGrant: Sendable {
    let tokens: ProviderTokens
    /// The granted scopes; nil if the provider did not say.
    let scope: ScopeSet?
    /// The ID token. Only its nonce is compared; no claim about the user is used.
    let idToken: Secret?

    /// Reads the answer of a token endpoint.
    ///
    /// Spec: RFC 6749 §5.1
    init(_ response: OutboundResponse, earlier: ProviderTokens? = nil, now: Timestamp) throws(ProviderFailure) {
        let body = try? JSONObject(parsing: response.body)
        switch response.status {
        case 200:
            guard let body, response.isJSON else { throw .unusable("it is not a JSON object") }
            // GitHub, for example, refuses with status 200.
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
        // GitHub and Slack separate scopes by commas. The specification allows commas in a scope, but no known scope
        // has one, and `repo,admin:org` read as one scope would hide what was granted.
        guard let text = value.string, let scope = try? ScopeSet(parsing: text.replacing(",", with: " ")) else {
            throw .unusable("its scope is not a list of scopes")
        }
        return scope
    }
}
