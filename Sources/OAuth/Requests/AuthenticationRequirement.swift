/// The requirements of an authorization request on the user's sign-in: whether it is new, how old it may be, and its context.
///
/// Spec: RFC 9470 §4
/// Spec: OpenID Connect Core §3.1.2.1
package struct AuthenticationRequirement: Hashable, Sendable {
    /// Whether the user has to sign in again in any case (`prompt=login`, `prompt=select_account`).
    package let isAnew: Bool
    /// The greatest age of the sign-in, in seconds (`max_age`); nil for any age.
    package let maxAge: Int64?
    /// The accepted contexts, the preferred first (`acr_values`); empty for any.
    package let contexts: [AuthenticationContext]

    /// Reads `max_age` and `acr_values`; the caller has read `prompt`.
    init(_ parameters: Parameters, prompt: Set<Prompt>) throws(OAuthError) {
        isAnew = prompt.contains(.login) || prompt.contains(.selectAccount)
        maxAge = try Self.maxAge(parameters.value(.maxAge))
        contexts = (try parameters.value(.acrValues) ?? "").split(separator: " ").map {
            AuthenticationContext(rawValue: String($0))
        }
    }

    /// The refusal when no sign-in can satisfy the requirements; `possible` are the contexts of all sign-in methods. Nil when one
    /// can.
    ///
    /// Spec: RFC 9470 §5
    package func refusal(among possible: [AuthenticationContext]) -> OAuthError? {
        guard !contexts.isEmpty, !contexts.contains(where: possible.contains) else { return nil }
        return OAuthError(
            .unmetAuthenticationRequirements,
            "No sign-in here has any of these acr_values. Use one of acr_values_supported in this server's metadata.")
    }

    /// Whether a sign-in that preceded the request satisfies the requirements at `now`.
    package func isMet(by authentication: Authentication, at now: Timestamp) -> Bool {
        !isAnew && accepts(authentication.context) && maxAge.map { now.isWithin($0, of: authentication.time) } ?? true
    }

    /// Whether a sign-in with this context is accepted, regardless of its age.
    package func accepts(_ context: AuthenticationContext) -> Bool { contexts.isEmpty || contexts.contains(context) }

    private static func maxAge(_ text: String?) throws(OAuthError) -> Int64? {
        guard let text else { return nil }
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let age = Int64(text)
        else {
            throw OAuthError(.invalidRequest, "Send max_age as a whole number of seconds, 0 or more.")
        }
        return age
    }
}
