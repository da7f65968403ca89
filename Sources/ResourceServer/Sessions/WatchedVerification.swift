/// Checks tokens by their signature and by the ends of sessions that were heard of; asks the authorization server wherever
/// these would not have been heard.
struct WatchedVerification: Sendable {
    let local: LocalVerification
    let introspection: TokenIntrospection
    let events: EventReceiver

    func verdict(on token: String, now: Int64) async -> TokenVerdict {
        let verdict = await local.verdict(on: token, now: now)
        guard case .good(let access) = verdict else { return verdict }
        if let session = access.sessionID, events.hasEnded(session) {
            return .bad(TokenRejection("the session of the token has ended"))
        }
        if access.sessionID != nil, let issuedAt = access.issuedAt, await events.knows(issuedAt: issuedAt, now: now) {
            return verdict
        }
        return await introspection.verdict(on: token, now: now)
    }
}
