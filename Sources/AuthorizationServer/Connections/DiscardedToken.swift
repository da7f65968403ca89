import JOSE
import Logging
import OAuth
import Storage

/// A token that a provider issued and that Gatehouse does not keep. Nobody else knows it, and the provider would go on to
/// honour it.
struct DiscardedToken: Sendable, RedactedCredential {
    /// What the provider is told that it is.
    ///
    /// Spec: RFC 7009 §2.1
    enum Hint: String, Sendable {
        case accessToken = "access_token"
        case refreshToken = "refresh_token"
    }

    let value: String
    let hint: Hint

    private init(_ value: String, hint: Hint) {
        self.value = value
        self.hint = hint
    }

    /// The token that stands for all of `tokens`: revoking a refresh token ends what was issued with it.
    init(_ tokens: ProviderTokens) {
        self =
            tokens.refresh.map { DiscardedToken($0, hint: .refreshToken) }
            ?? DiscardedToken(tokens.access, hint: .accessToken)
    }

    /// What `tokens` hold that `earlier` do not. A refresh token that is still kept has to stay good.
    init(_ tokens: ProviderTokens, besides earlier: ProviderTokens) {
        guard tokens.refresh == earlier.refresh else {
            self.init(tokens)
            return
        }
        self.init(tokens.access, hint: .accessToken)
    }

    /// What an answer holds that is otherwise not usable; nil when no token can be read in it.
    init?(_ response: [UInt8], besides earlier: ProviderTokens?) {
        guard let body = try? JSONObject(parsing: response) else { return nil }
        let access = try? ProviderTokens.token("access_token", of: body)
        if let refresh = try? ProviderTokens.token("refresh_token", of: body), refresh != earlier?.refresh {
            self.init(refresh, hint: .refreshToken)
        } else if let access, access != earlier?.access {
            self.init(access, hint: .accessToken)
        } else {
            return nil
        }
    }
}

/// A request for tokens that brought no grant, and the token that came all the same.
struct GrantFailure: Error, Sendable {
    let cause: ProviderFailure
    let token: DiscardedToken?

    /// A failure with what has to be revoked because of it.
    init(_ cause: ProviderFailure, token: DiscardedToken? = nil) {
        self.cause = cause
        self.token = token
    }
}

/// Revokes at the provider what is not kept here: at the best of its ability, within the time of one request, and told in
/// the log when the provider does not take it.
struct DiscardedTokenRevocation: Sendable {
    let client: ProviderClient
    let vault: ConnectionVault
    let log: Logger

    /// Whether the provider took the token. A caller that hangs up does not stop the request.
    func revoke(_ token: DiscardedToken, at provider: Provider, about subject: Logger.Metadata) async -> Bool {
        await Task {
            do throws(ProviderFailure) {
                try await client.revoke(token, at: vault.access(to: provider))
                return true
            } catch {
                let details: Logger.Metadata = ["provider": "\(provider.name)", "cause": "\(error)"]
                log.warning(
                    "a token that is not kept could not be revoked at its provider",
                    metadata: subject.merging(details) { $1 })
                return false
            }
        }.value
    }
}
