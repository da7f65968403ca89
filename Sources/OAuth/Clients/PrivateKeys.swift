import JOSE

/// Finds private and symmetric keys in a published document.
///
/// Spec: Client ID Metadata Document §4.1
enum PrivateKeys {
    private static let secretMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]

    /// Whether a JWK set holds a private or a symmetric key.
    static func areIn(_ keySet: JSON?) -> Bool {
        let keys = keySet?.object?[MetadataMember.keys.rawValue]?.array ?? []
        return keys.contains { key in
            key.object.map { key in secretMembers.contains { (key[$0] ?? .null) != .null } } ?? false
        }
    }

    /// Whether the claims of a software statement hold such a key. The signature of the statement is irrelevant for this.
    static func areIn(statement: JSON?) -> Bool {
        guard let parts = statement?.string?.split(separator: ".", omittingEmptySubsequences: false), parts.count == 3,
            let payload = Base64URL.decode(parts[1]), let claims = try? JSONObject(parsing: payload)
        else { return false }
        return areIn(claims[metadata: .jwks])
    }
}
