import JOSE
import OAuth

/// A provider's access token for a person who connected their account; nothing prints it. Do not keep it: ask again for the
/// next call.
///
/// Spec: RFC 8693 §2.2.1
public struct ProviderToken: Sendable, Equatable {
    /// What the provider granted.
    public let scopes: Set<String>
    /// For how many seconds it is good, where that is known.
    public let expiresIn: Int64?
    private let secret: Secret

    /// The token, for the `Authorization` field of a request to the provider's API and for nobody else.
    public func reveal() -> String { secret.reveal() }

    /// Reads the answer to an exchange; nil when it holds no token that could be sent on.
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
    /// The access token of the account that the person behind an access connected at a provider, which is renewed where it
    /// has to be. `notConnected` means that there is none, or none any more: ask the person to connect it.
    public func token(of provider: String, for access: Access) async throws(ElicitationError) -> ProviderToken {
        guard let token = access.token else { throw Self.tokenless }
        let audience: String
        do throws(OAuthValueError) {
            audience = try ProviderName(provider).audience
        } catch {
            throw ElicitationError(.invalidTarget, error.sentence)
        }
        let form: [(ParameterName, String)] = [
            (.grantType, GrantType.tokenExchange.rawValue), (.subjectToken, token.text),
            (.subjectTokenType, TokenExchangeRequest.accessTokenType), (.audience, audience),
        ]
        let answer = try await authority.exchange(
            form.map { "\($0.0.rawValue)=\(PercentEncoding.encode($0.1))" }.joined(separator: "&"))
        guard let handed = ProviderToken(answer) else {
            throw ElicitationError(.unavailable, "The authorization server answered no token that can be used.")
        }
        return handed
    }
}
