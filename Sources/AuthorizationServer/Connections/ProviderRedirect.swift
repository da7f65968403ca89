import JOSE
import OAuth
import Storage

/// Sends a person who agreed on their way to the provider. What has to fit when they come back is made now, not before.
struct ProviderRedirect: Sendable {
    let client: ProviderClient
    let vault: ConnectionVault

    /// The address at the provider to go on to; nil when the MCP server may not have this (any more).
    func begin(
        _ ask: ConnectAccountRequest, of asked: Elicitation, by person: SignedIn, browser: Browser,
        in transaction: Transaction,
        now: Timestamp
    ) throws -> String? {
        guard let permission = try ConnectionPolicy.permission(for: ask, of: asked.resourceID, in: transaction) else {
            return nil
        }
        let state = Random.token()
        let digest = Digest.sha256(state)
        let proof = ConnectionProof.random(for: permission.scope)
        try transaction.connectionAttempts.insert(
            ConnectionAttempt(
                state: digest, elicitationID: asked.id, userID: person.user.id, browserLoginID: person.login.id,
                binding: browser.binding, provider: permission.provider.name, asked: permission.scope,
                proof: try vault.seal(proof, of: digest, in: transaction), createdAt: now))
        return client.authorizationURL(permission.provider, scope: permission.scope, state: state, proof: proof)
    }
}
