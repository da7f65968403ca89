/// Verifies tokens locally and refuses those of sessions that an event reported as ended; uses introspection wherever such
/// events may be missing.
struct WatchedVerification: Sendable {
    let local: LocalVerification
    let introspection: TokenIntrospection
    let events: EventReceiver

    func verdict(on token: String, now: Int64) async -> TokenVerdict {
        let verdict = await local.verdict(on: token, now: now)
        guard case .good(let access) = verdict else { return verdict }
        if let session = access.sessionID, events.hasEnded(session) {
            return .bad(TokenRejection("the token's session was revoked or has expired"))
        }
        if access.sessionID != nil, let issuedAt = access.issuedAt, await events.knows(issuedAt: issuedAt, now: now) {
            return verdict
        }
        return await introspection.verdict(on: token, now: now)
    }
}
