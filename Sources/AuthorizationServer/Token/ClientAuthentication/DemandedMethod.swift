import OAuth
import Storage

extension SessionGrant {
    /// Refuses a client that comes without its key to a session that demands it; nil where the client may proceed.
    ///
    /// Without this comparison a stolen refresh token would be worth as much as the key: its thief would leave out the assertion.
    func refusal<Request>(of request: Identified<Request, Client>) -> OAuthError? {
        guard authMethod == .privateKeyJWT, request.method != .privateKeyJWT else { return nil }
        return Self.keyMissing(request)
    }

    /// The same for a refresh, where the client's document of today counts too, unless the session comes from a version that knew no
    /// keys.
    func refusalToday<Request>(of request: Identified<Request, Client>) -> OAuthError? {
        if let refusal = refusal(of: request) { return refusal }
        guard authMethod != nil, !request.asker.metadata.authMethods.contains(request.method) else { return nil }
        return Self.keyMissing(request)
    }

    private static func keyMissing<Request>(_ request: Identified<Request, Client>) -> OAuthError {
        OAuthError(
            .invalidClient, "Client authentication failed. Check client_id, credential and authentication method.",
            reason: "\(request.asker.id) authenticated by \(request.method); its session demands private_key_jwt")
    }
}
