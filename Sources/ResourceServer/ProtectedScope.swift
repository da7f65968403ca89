/// A scope of this MCP server.
///
/// Spec: MCP 2026-07-28 §Authorization
public struct ProtectedScope: Sendable, Hashable, ExpressibleByStringLiteral {
    /// The scope token, for example `files:read`.
    public let name: String
    /// The narrower scopes that this scope includes.
    public let implies: [String]
    /// Whether clients request it only after a 403 challenge of an operation that needs it.
    public let isOnRequest: Bool

    /// Makes a scope; unless it is `onRequest`, clients request it at the first authorization.
    public init(_ name: String, implies: [String] = [], onRequest: Bool = false) {
        self.name = name
        self.implies = implies
        self.isOnRequest = onRequest
    }

    /// Makes a scope that implies no other and that clients request at the first authorization.
    public init(stringLiteral name: String) {
        self.init(name)
    }
}
