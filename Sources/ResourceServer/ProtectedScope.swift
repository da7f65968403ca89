/// A scope that this MCP server understands.
///
/// Spec: MCP 2026-07-28 §Authorization
public struct ProtectedScope: Sendable, Hashable, ExpressibleByStringLiteral {
    /// The token as it stands on the wire, for example `files:read`.
    public let name: String
    /// The narrower scopes that whoever holds this one need not hold as well.
    public let implies: [String]
    /// Whether clients ask for it only when an operation needs it, by way of the 403 challenge.
    public let isOnRequest: Bool

    /// Describes a scope; one that is not on request is asked for at the first sign-in.
    public init(_ name: String, implies: [String] = [], onRequest: Bool = false) {
        self.name = name
        self.implies = implies
        self.isOnRequest = onRequest
    }

    /// A scope that implies nothing and is asked for at the first sign-in.
    public init(stringLiteral name: String) {
        self.init(name)
    }
}
