extension ProtectedResource {
    /// Refuses access whose sign-in is older than `maxAge` seconds, as `demand` does, and has the authorization server ask for a fresh
    /// sign-in at the next approval: few clients send the `max_age` of the challenge on. If the authorization server does not take the
    /// demand, the refusal is the same.
    ///
    /// Spec: RFC 9470 §3
    public func demandFreshSignIn(
        within maxAge: Int64, requiring scopes: [String] = [], of access: Access, through sessions: Sessions
    ) async throws(Refusal) {
        do throws(Refusal) {
            try demand(UserAuthentication(maxAge: maxAge), requiring: scopes, of: access)
        } catch {
            if error.kind == .insufficientUserAuthentication, let session = access.sessionID {
                try? await sessions.requireSignIn(maxAge: maxAge, of: session)
            }
            throw error
        }
    }
}
