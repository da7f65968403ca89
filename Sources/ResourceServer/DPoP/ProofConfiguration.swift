/// How a `ProtectedResource` verifies proofs of possession (DPoP), with which clients present tokens that are bound to a key.
///
/// Spec: RFC 9449 §7
public struct ProofConfiguration: Sendable {
    /// Whether every access token must be bound to a key; a bearer token is then refused.
    public var areRequired: Bool
    /// The secret for nonces, at least 32 bytes that all processes of the MCP server share; nil to demand no nonces.
    ///
    /// With nonces nobody can make proofs for later, and a proof that one process accepted is of use at another one for ten minutes at
    /// most.
    public var nonceKey: [UInt8]?
    /// How many used proofs a process remembers for ten minutes, at most a quarter of them of one key. A request that finds no place
    /// is answered with 503.
    public var memory: Int

    /// Makes a configuration; without arguments bearer tokens stay valid, and no nonces are demanded.
    public init(areRequired: Bool = false, nonceKey: [UInt8]? = nil, memory: Int = 200_000) {
        self.areRequired = areRequired
        self.nonceKey = nonceKey
        self.memory = memory
    }
}

extension ProofConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The configuration without the secret for nonces.
    public var description: String {
        "proofs \(areRequired ? "required" : "accepted"), nonces \(nonceKey == nil ? "off" : "on")"
    }
    /// The same as `description`.
    public var debugDescription: String { description }
    /// A mirror without children, so that `dump` finds no secret.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// What a request shows of the key of its client: the method and the `DPoP` header fields.
///
/// Spec: RFC 9449 §7.1
public struct RequestProof: Sendable, Hashable {
    /// The HTTP method of the request.
    public var method: String
    /// The value of each `DPoP` header field of the request.
    public var fields: [String]
    /// The URL that the request is for, as clients reach it; nil for the URL of the MCP server.
    public var url: String?

    /// Makes the proof of a request from its method and its `DPoP` header fields.
    ///
    /// Pass an own `url` for an endpoint beside the MCP endpoint, and never one made from the Host header: a proof that was meant for
    /// another server would be valid here.
    public init(method: String, fields: [String], url: String? = nil) {
        self.method = method
        self.fields = fields
        self.url = url
    }
}
