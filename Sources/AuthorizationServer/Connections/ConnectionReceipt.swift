import JOSE
import OAuth
import Storage

/// The result of a `connect` elicitation. It holds no token: the MCP server gets those by token exchange.
struct ConnectionReceipt: Sendable {
    let connection: ConnectionID
    let provider: ProviderName
    /// The scopes that the provider granted.
    let scope: ScopeSet

    /// The receipt of a connection.
    init(_ connection: Connection) {
        self.connection = connection.id
        provider = connection.provider
        scope = connection.scope
    }

    /// Reads the opened value of a row; nil if it is malformed.
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
