import JOSE
import OAuth
import Storage

/// Seals what the database keeps and must read again. Each sealed value names its row and purpose, so that none opens in
/// another's place.
///
/// Whoever seals shows the transaction that writes the value: when a sealing key is put out of use, a value that was sealed
/// before and written afterwards would be lost.
struct ConnectionVault: Sendable {
    let keys: KeyRing

    /// The provider's tokens, for their connection's row.
    func seal(_ tokens: ProviderTokens, of connection: ConnectionID, in transaction: Transaction) throws -> [UInt8] {
        try seal(tokens.bytes, Self.context(connection), in: transaction)
    }

    /// The tokens of a connection; nil when it is over, or the bytes are not its own.
    func tokens(of connection: Connection) -> ProviderTokens? {
        connection.tokens.flatMap { open($0, Self.context(connection.id)) }.flatMap(ProviderTokens.init)
    }

    /// What an attempt has to prove, for its row.
    func seal(_ proof: ConnectionProof, of state: Digest, in transaction: Transaction) throws -> [UInt8] {
        try seal(proof.bytes, Self.context(state), in: transaction)
    }

    /// What an attempt has to prove.
    func proof(of attempt: ConnectionAttempt) -> ConnectionProof? {
        open(attempt.proof, Self.context(attempt.state)).flatMap(ConnectionProof.init)
    }

    /// A client secret, for its provider's row.
    func seal(_ secret: Secret, of provider: ProviderName, in transaction: Transaction) throws -> [UInt8] {
        try seal(secret.bytes, Self.context(provider), in: transaction)
    }

    /// The provider with its client secret.
    func access(to provider: Provider) throws(ProviderFailure) -> ProviderAccess {
        guard let sealed = provider.clientSecret else { return ProviderAccess(provider: provider, secret: nil) }
        guard let plain = open(sealed, Self.context(provider.name)) else {
            throw .unavailable("its client secret was sealed with a key that is gone; add the provider anew")
        }
        return ProviderAccess(provider: provider, secret: Secret(bytes: plain))
    }

    /// What a person handed over, for its elicitation's row.
    func seal(_ content: JSONObject, of elicitation: ElicitationID, in transaction: Transaction) throws -> [UInt8] {
        try seal(content.bytes, Self.contentContext(elicitation), in: transaction)
    }

    /// What a person handed over, while it waits to be collected.
    func content(of elicitation: Elicitation) -> JSONObject? {
        elicitation.content.flatMap { open($0, Self.contentContext(elicitation.id)) }.flatMap {
            try? JSON.parse($0).object
        }
    }

    func seal(_ plain: [UInt8], _ context: String, in _: Transaction) throws -> [UInt8] {
        try Sealing.seal(plain, key: keys.secret(.sealing), context: context)
    }

    func open(_ sealed: [UInt8], _ context: String) -> [UInt8]? {
        Sealing.open(sealed, keys: { keys.secret(.sealing, id: $0) }, context: context)
    }

    private static func context(_ connection: ConnectionID) -> String { "connection:\(connection)" }
    private static func context(_ state: Digest) -> String { "connection attempt:\(state.base64URL)" }
    private static func context(_ provider: ProviderName) -> String { "provider:\(provider)" }
    /// Of what a person handed over.
    static func contentContext(_ elicitation: ElicitationID) -> String { "elicitation:\(elicitation)" }
}

extension ConnectionVault {
    /// The same value under the key that is active now; nil when it does not open.
    func sealedAnew(_ value: SealedValue, in transaction: Transaction) throws -> [UInt8]? {
        let context = Self.context(of: value.place)
        return try open(value.bytes, context).map { try seal($0, context, in: transaction) }
    }

    static func context(of place: SealedValue.Place) -> String {
        switch place {
        case .connection(let id): context(id)
        case .attempt(let state): context(state)
        case .provider(let name): context(name)
        case .elicitation(let id, let kind): kind.strategy.sealingContext(of: id)
        }
    }
}
