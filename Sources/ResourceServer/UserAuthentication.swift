/// A requirement on the user's sign-in: its maximum age and its authentication context class.
///
/// Spec: RFC 9470 §3
public struct UserAuthentication: Sendable, Hashable {
    /// The maximum age of the sign-in in seconds; nil for any age.
    public var maxAge: Int64?
    /// The accepted classes (`acr_values_supported` of the authorization server's metadata), the preferred one first; empty for
    /// any.
    public var acrValues: [String]

    /// Makes a requirement; without arguments every sign-in meets it.
    public init(maxAge: Int64? = nil, acrValues: [String] = []) {
        self.maxAge = maxAge
        self.acrValues = acrValues
    }

    /// Why the sign-in does not meet the requirement, for the log; nil if it does. A missing claim counts as not meeting it.
    func fault(of access: Access, now: Int64) -> String? {
        if let maxAge {
            guard let time = access.authenticatedAt else { return "the token has no auth_time" }
            guard time >= 0, now - time <= maxAge else { return "the user signed in more than \(maxAge) seconds ago" }
        }
        guard acrValues.isEmpty || access.acr.map(acrValues.contains) ?? false else {
            return "the sign-in has the acr \(access.acr ?? "(none)")"
        }
        return nil
    }
}
