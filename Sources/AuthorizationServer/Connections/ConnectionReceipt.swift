import JOSE
import OAuth
import Storage

/// What the MCP server collects when an account was connected. No token is in it: those are handed out one at a time.
struct ConnectionReceipt: Sendable {
    let connection: ConnectionID
    let provider: ProviderName
    /// What the provider granted.
    let scope: ScopeSet

    /// The receipt of a connection.
    init(_ connection: Connection) {
        self.connection = connection.id
        provider = connection.provider
        scope = connection.scope
    }

    /// Reads what `json` wrote.
    init?(_ bytes: [UInt8]) {
        guard let json = try? JSONObject(parsing: bytes),
            let connection = json["connection"]?.string.flatMap({ ConnectionID($0) }),
            let provider = json["provider"]?.string.flatMap({ try? ProviderName($0) }),
            let scope = json["scope"]?.string.flatMap({ try? ScopeSet(parsing: $0) })
        else { return nil }
        self.connection = connection
        self.provider = provider
        self.scope = scope
    }

    /// The members of the result.
    var json: JSONObject {
        [
            "provider": .string(provider.string), "scope": .string(scope.string),
            "connection": .string(connection.string),
        ]
    }
}

extension ConnectionVault {
    /// The receipt, for the row of its elicitation.
    func seal(_ receipt: ConnectionReceipt, of elicitation: ElicitationID, in transaction: Transaction) throws
        -> [UInt8]
    {
        try seal(receipt.json.bytes, Self.receiptContext(elicitation), in: transaction)
    }

    /// The receipt that an elicitation keeps until it is collected.
    func receipt(of elicitation: Elicitation) -> ConnectionReceipt? {
        elicitation.content.flatMap { open($0, Self.receiptContext(elicitation.id)) }.flatMap(ConnectionReceipt.init)
    }

    // Another one than that of a secret, so that neither opens in the other's place.
    static func receiptContext(_ elicitation: ElicitationID) -> String { "connection receipt:\(elicitation)" }
}
