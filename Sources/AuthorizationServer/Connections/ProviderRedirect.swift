import JOSE
import OAuth
import Storage

/// Begins the authorization request at a provider after the user approved. State, PKCE verifier and nonce are made only
/// now, so that a page that was merely opened leaves nothing to attack.
struct ProviderRedirect: Sendable {
    let client: ProviderClient
    let vault: ConnectionVault

    /// Stores the attempt and returns the URL of the authorization request; nil if the MCP server may not have these
    /// scopes.
    func begin(
        _ ask: ConnectAccountRequest, of elicitation: Elicitation, by person: SignedIn, browser: Browser,
        in transaction: Transaction, now: Timestamp
    ) throws -> String? {
        guard let allowance = try ConnectionPolicy.request(ask, of: elicitation, in: transaction) else { return nil }
        let state = Random.token()
        let digest = Digest.sha256(state)
        let proof = ConnectionProof.random(for: allowance.scope)
        try transaction.connectionAttempts.insert(
            ConnectionAttempt(
                state: digest, elicitationID: elicitation.id, userID: person.user.id, browserLoginID: person.login.id,
                binding: browser.binding, provider: allowance.provider.name, asked: allowance.scope,
                proof: try vault.seal(proof, of: digest, in: transaction), createdAt: now))
        return client.authorizationURL(allowance.provider, scope: allowance.scope, state: state, proof: proof)
    }
}
