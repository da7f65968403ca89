import JOSE

extension SecurityEvent {
    /// Tells an MCP server that a session was revoked: its tokens are worthless from `time` on.
    ///
    /// Spec: CAEP §3.1
    package static func sessionRevoked(
        _ session: SessionID, of subject: TokenSubject, by entity: InitiatingEntity, reason: SessionEndReason,
        at time: Timestamp
    ) -> SecurityEvent {
        var payload: JSONObject = [
            "event_timestamp": .integer(time.seconds), "initiating_entity": .string(entity.rawValue),
            "reason_admin": ["en": .string(reason.sentence)],
        ]
        if subject.user != nil { payload["reason_user"] = ["en": "Access was ended. Approve the app again to go on."] }
        return SecurityEvent(
            type: .sessionRevoked, issuedAt: time, about: .session(session, of: subject), transaction: session.string,
            payload: payload)
    }
}
