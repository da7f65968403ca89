import JOSE
import Logging
import OAuth
import Storage

/// A token that a provider issued and that Gatehouse does not keep. It has to be revoked: the provider would honour it.
struct DiscardedToken: Sendable, RedactedCredential {
    /// The type of the token, as the provider is told.
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

    /// The token whose revocation revokes all of `tokens`: the refresh token if there is one, because revoking it also
    /// revokes the access tokens of the same grant.
    init(_ tokens: ProviderTokens) {
        self =
            tokens.refresh.map { DiscardedToken($0, hint: .refreshToken) }
            ?? DiscardedToken(tokens.access, hint: .accessToken)
    }

    /// The token of `tokens` that is not in `earlier`. A refresh token that stays in use must not be revoked.
    init(_ tokens: ProviderTokens, besides earlier: ProviderTokens) {
        guard tokens.refresh == earlier.refresh else {
            self.init(tokens)
            return
        }
        self.init(tokens.access, hint: .accessToken)
    }

    /// The token in an unusable answer; nil if no new token can be read in it.
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

/// A failed request for tokens, with the token that the unusable answer held.
struct GrantFailure: Error, Sendable {
    let cause: ProviderFailure
    let token: DiscardedToken?

    /// A failure, with the token that has to be revoked.
    init(_ cause: ProviderFailure, token: DiscardedToken? = nil) {
        self.cause = cause
        self.token = token
    }
}

/// Revokes discarded tokens at their provider. It tries once; a failure is logged, because only an operator can then
/// act.
struct DiscardedTokenRevocation: Sendable {
    let client: ProviderClient
    let vault: ConnectionVault
    let log: Logger

    /// Revokes a token and returns whether the provider accepted. It runs in a task of its own, so that a cancelled
    /// request does not leave the token valid.
    func revoke(_ token: DiscardedToken, at provider: Provider, about subject: Logger.Metadata) async -> Bool {
        await Task {
            do throws(ProviderFailure) {
                try await client.revoke(token, at: vault.access(to: provider))
                return true
            } catch {
                let details: Logger.Metadata = ["provider": "\(provider.name)", "cause": "\(error)"]
                log.warning(
                    "a discarded token could not be revoked at its provider",
                    metadata: subject.merging(details) { $1 })
                return false
            }
        }.value
    }
}
