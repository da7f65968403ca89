import JOSE
import OAuth
import Storage

/// Seals the secrets that the database keeps and this server has to read again. Each sealed value is bound to its row
/// and purpose, so that it does not open in another place.
///
/// Sealing requires the transaction that writes the value. When a sealing key is replaced, all sealed values are sealed
/// again in one transaction; a value that was sealed before and written afterwards would be lost.
struct ConnectionVault: Sendable {
    let keys: KeyRing

    /// Seals the tokens of a provider for the row of their connection.
    func seal(_ tokens: ProviderTokens, of connection: ConnectionID, in transaction: Transaction) throws -> [UInt8] {
        try seal(tokens.bytes, Self.context(connection), in: transaction)
    }

    /// Opens the tokens of a connection; nil after its end, or if they do not open.
    func tokens(of connection: Connection) -> ProviderTokens? {
        connection.tokens.flatMap { open($0, Self.context(connection.id)) }.flatMap(ProviderTokens.init)
    }

    /// Seals the proof of an attempt for its row.
    func seal(_ proof: ConnectionProof, of state: Digest, in transaction: Transaction) throws -> [UInt8] {
        try seal(proof.bytes, Self.context(state), in: transaction)
    }

    /// Opens the proof of an attempt; nil if it does not open.
    func proof(of attempt: ConnectionAttempt) -> ConnectionProof? {
        open(attempt.proof, Self.context(attempt.state)).flatMap(ConnectionProof.init)
    }

    /// Seals a client secret for the row of its provider.
    func seal(_ secret: Secret, of provider: ProviderName, in transaction: Transaction) throws -> [UInt8] {
        try seal(secret.bytes, Self.context(provider), in: transaction)
    }

    /// The provider with its opened client secret.
    func access(to provider: Provider) throws(ProviderFailure) -> ProviderAccess {
        guard let sealed = provider.clientSecret else { return ProviderAccess(provider: provider, secret: nil) }
        guard let plain = open(sealed, Self.context(provider.name)) else {
            throw .unavailable("its client secret was sealed with a key that was removed; add the provider again")
        }
        return ProviderAccess(provider: provider, secret: Secret(bytes: plain))
    }

    /// Seals the values that a user submitted, for the row of their elicitation.
    func seal(_ content: JSONObject, of elicitation: ElicitationID, in transaction: Transaction) throws -> [UInt8] {
        try seal(content.bytes, Self.contentContext(elicitation), in: transaction)
    }

    /// Opens the values that a user submitted; nil once they were collected, or if they do not open.
    func content(of elicitation: Elicitation) -> JSONObject? {
        elicitation.content.flatMap { open($0, Self.contentContext(elicitation.id)) }.flatMap {
            try? JSON.parse($0).object
        }
    }

    /// Seals the receipt of a connection for the row of its elicitation.
    func seal(
        _ receipt: ConnectionReceipt, of elicitation: ElicitationID, in transaction: Transaction
    ) throws -> [UInt8] {
        try seal(receipt.json.bytes, Self.receiptContext(elicitation), in: transaction)
    }

    /// Opens the receipt of an elicitation; nil once it was collected, or if it does not open.
    func receipt(of elicitation: Elicitation) -> ConnectionReceipt? {
        elicitation.content.flatMap { open($0, Self.receiptContext(elicitation.id)) }.flatMap(ConnectionReceipt.init)
    }

    /// Seals bytes for one context.
    func seal(_ plain: [UInt8], _ context: String, in _: Transaction) throws -> [UInt8] {
        try Sealing.seal(plain, key: keys.secret(.sealing), context: context)
    }

    /// Opens bytes that were sealed for this context; nil if they do not open.
    func open(_ sealed: [UInt8], _ context: String) -> [UInt8]? {
        Sealing.open(sealed, keys: { keys.secret(.sealing, id: $0) }, context: context)
    }

    private static func context(_ connection: ConnectionID) -> String { "connection:\(connection)" }
    private static func context(_ state: Digest) -> String { "connection attempt:\(state.base64URL)" }
    private static func context(_ provider: ProviderName) -> String { "provider:\(provider)" }
    /// The context of submitted values.
    static func contentContext(_ elicitation: ElicitationID) -> String { "elicitation:\(elicitation)" }
    /// The context of a receipt. It differs from that of submitted values, so that neither opens in the other's place.
    static func receiptContext(_ elicitation: ElicitationID) -> String { "connection receipt:\(elicitation)" }

    /// Whether a sealed value opens for its row.
    func opens(_ value: SealedValue) -> Bool { open(value.bytes, Self.context(of: value.place)) != nil }

    /// The same value under the active key; nil if it does not open.
    func sealedAnew(_ value: SealedValue, in transaction: Transaction) throws -> [UInt8]? {
        let context = Self.context(of: value.place)
        return try open(value.bytes, context).map { try seal($0, context, in: transaction) }
    }

    private static func context(of place: SealedValue.Place) -> String {
        switch place {
        case .connection(let id): context(id)
        case .attempt(let state): context(state)
        case .provider(let name): context(name)
        case .elicitation(let id, let kind): kind.strategy.sealingContext(of: id)
        case .identityProvider(let name): identityContext(name)
        case .signInAttempt(let state): signInContext(state)
        case .upstreamRefreshToken(let account): refreshTokenContext(account)
        }
    }
}
