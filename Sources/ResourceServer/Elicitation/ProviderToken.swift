import JOSE
import OAuth

/// A provider's access token for a user's connected account; nothing prints it. Do not store it: request it again for the next
/// call.
///
/// Spec: RFC 8693 §2.2.1
public struct ProviderToken: Sendable, Equatable {
    /// The scopes that the provider granted.
    public let scopes: Set<String>
    /// Seconds until it expires, if known.
    public let expiresIn: Int64?
    private let secret: Secret

    /// The token, for the `Authorization` header field of requests to the provider's API only.
    public func reveal() -> String { secret.reveal() }

    /// Parses a token exchange response; nil without a usable bearer token.
    init?(_ object: JSONObject) {
        guard object["issued_token_type"]?.string == TokenExchangeRequest.accessTokenType,
            object["token_type"]?.string?.lowercased() == "bearer", let text = object["access_token"]?.string,
            !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        secret = Secret(text)
        scopes = Set((object["scope"]?.string ?? "").split(separator: " ").map(String.init))
        expiresIn = object["expires_in"]?.integer
    }
}

extension Elicitations {
    /// The access token of the user's connected account at a provider, refreshed if necessary. Throws `notConnected` without a
    /// connection, and `scopeNotGranted` if the connection lacks one of `scopes`: create a `connect` elicitation then.
    public func token(
        of provider: String, scopes: [String] = [], for access: Access
    ) async throws(ElicitationError) -> ProviderToken {
        let token = try access.userToken
        let audience: String
        do throws(OAuthValueError) {
            audience = try ProviderName(provider).audience
        } catch {
            throw ElicitationError(.invalidTarget, error.sentence)
        }
        var form: [(ParameterName, String)] = [
            (.grantType, GrantType.tokenExchange.rawValue), (.subjectToken, token.text),
            (.subjectTokenType, TokenExchangeRequest.accessTokenType), (.audience, audience),
        ]
        if !scopes.isEmpty { form.append((.scope, scopes.joined(separator: " "))) }
        let answer = try await authority.exchange(
            form.map { "\($0.0.rawValue)=\(PercentEncoding.encode($0.1))" }.joined(separator: "&"))
        guard let handed = ProviderToken(answer) else {
            throw ElicitationError(.unavailable, "The authorization server returned no usable token.")
        }
        return handed
    }
}
