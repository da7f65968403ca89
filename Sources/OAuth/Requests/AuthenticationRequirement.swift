/// What an authorization request wants of the person's sign-in: that it is done anew, how old it may be, and in which way.
///
/// Spec: RFC 9470 §4
/// Spec: OpenID Connect Core §3.1.2.1
package struct AuthenticationRequirement: Hashable, Sendable {
    /// Whether the person has to sign in whatever went before.
    package let isAnew: Bool
    /// How old the sign-in may be, in seconds; nil for as old as any.
    package let maxAge: Int64?
    /// The ways that will do, the best first; none named means any.
    package let contexts: [AuthenticationContext]

    /// Reads `max_age` and `acr_values`; `prompt` was read before.
    init(_ parameters: Parameters, prompt: Set<Prompt>) throws(OAuthError) {
        isAnew = prompt.contains(.login) || prompt.contains(.selectAccount)
        maxAge = try Self.maxAge(parameters.value(.maxAge))
        contexts = (try parameters.value(.acrValues) ?? "").split(separator: " ").map {
            AuthenticationContext(rawValue: String($0))
        }
    }

    /// Why no sign-in can come up to it, where `possible` is all that a sign-in can come to; nil where one can.
    ///
    /// Spec: RFC 9470 §5
    package func refusal(among possible: [AuthenticationContext]) -> OAuthError? {
        guard !contexts.isEmpty, !contexts.contains(where: possible.contains) else { return nil }
        return OAuthError(
            .unmetAuthenticationRequirements,
            "People sign in here in none of these ways; use one of acr_values_supported in this server's metadata.")
    }

    /// Whether a sign-in that was made before the request still comes up to it.
    package func isMet(by authentication: Authentication, at now: Timestamp) -> Bool {
        !isAnew && accepts(authentication.context) && maxAge.map { now.isWithin($0, of: authentication.time) } ?? true
    }

    /// Whether a sign-in of this kind will do, however long ago it was.
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
