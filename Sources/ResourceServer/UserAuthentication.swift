/// What an operation wants of its person's sign-in: how long ago it may be, and in which way it was done.
///
/// Spec: RFC 9470 §3
public struct UserAuthentication: Sendable, Hashable {
    /// How many seconds ago the person may have signed in; nil for any number.
    public var maxAge: Int64?
    /// The ways that will do, in the authorization server's words (`acr_values_supported` in its metadata), the best first;
    /// none named means any.
    public var acrValues: [String]

    /// Wants nothing unless told to.
    public init(maxAge: Int64? = nil, acrValues: [String] = []) {
        self.maxAge = maxAge
        self.acrValues = acrValues
    }

    /// What is wrong with the sign-in behind this access, for the log; nil where it will do. What a token does not say counts
    /// as wanting.
    func fault(of access: Access, now: Int64) -> String? {
        if let maxAge {
            guard let time = access.authenticatedAt else { return "the token does not say when its person signed in" }
            guard time >= 0, now - time <= maxAge else { return "the person signed in more than \(maxAge) seconds ago" }
        }
        guard acrValues.isEmpty || access.acr.map(acrValues.contains) ?? false else {
            return "the person signed in by \(access.acr ?? "nobody knows what")"
        }
        return nil
    }
}
