import JOSE
import OAuth
import Storage

/// Seals what belongs to connections. Each sealed value names its row and purpose, so that none opens in another's place.
struct ConnectionVault: Sendable {
    let keys: KeyRing

    /// The provider's tokens, for their connection's row.
    func seal(_ tokens: ProviderTokens, of connection: ConnectionID) throws -> [UInt8] {
        try seal(tokens.bytes, Self.context(connection))
    }

    /// The tokens of a connection; nil when it is over, or the bytes are not its own.
    func tokens(of connection: Connection) -> ProviderTokens? {
        connection.tokens.flatMap { open($0, Self.context(connection.id)) }.flatMap(ProviderTokens.init)
    }

    /// What an attempt has to prove, for its row.
    func seal(_ proof: ConnectionProof, of state: Digest) throws -> [UInt8] {
        try seal(proof.bytes, Self.context(state))
    }

    /// What an attempt has to prove.
    func proof(of attempt: ConnectionAttempt) -> ConnectionProof? {
        open(attempt.proof, Self.context(attempt.state)).flatMap(ConnectionProof.init)
    }

    /// A client secret, for its provider's row.
    func seal(_ secret: Secret, of provider: ProviderName) throws -> [UInt8] {
        try seal(secret.bytes, Self.context(provider))
    }

    /// The provider with its client secret.
    func access(to provider: Provider) throws(ProviderFailure) -> ProviderAccess {
        guard let sealed = provider.clientSecret else { return ProviderAccess(provider: provider, secret: nil) }
        guard let plain = open(sealed, Self.context(provider.name)) else {
            throw .unavailable("its client secret was sealed with a key that is gone; add the provider anew")
        }
        return ProviderAccess(provider: provider, secret: Secret(bytes: plain))
    }

    func seal(_ plain: [UInt8], _ context: String) throws -> [UInt8] {
        try Sealing.seal(plain, key: keys.secret(.sealing), context: context)
    }

    func open(_ sealed: [UInt8], _ context: String) -> [UInt8]? {
        Sealing.open(sealed, keys: { keys.secret(.sealing, id: $0) }, context: context)
    }

    private static func context(_ connection: ConnectionID) -> String { "connection:\(connection)" }
    private static func context(_ state: Digest) -> String { "connection attempt:\(state.base64URL)" }
    private static func context(_ provider: ProviderName) -> String { "provider:\(provider)" }
}
