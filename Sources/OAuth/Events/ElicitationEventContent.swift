package import JOSE

/// What the event about the end of an elicitation tells the MCP server. Nothing that the user typed is in it.
package struct ElicitationEventContent: Sendable {
    package let id: ElicitationID
    /// A final status.
    package let status: ElicitationStatus
    /// The stored name of the kind, which this version may not know.
    package let kind: String
    /// The version of the elicitation after its end.
    package let version: Int64
    /// The stored client id, whether or not it still is a valid one.
    package let clientID: String
    package let session: SessionID
    package let subject: Subject
    /// The digest of the question.
    package let digest: Digest
    /// The MCP server that reported the outcome; nil if Gatehouse witnessed it.
    package let reportedBy: String?
    /// A short code: why it was cancelled or failed.
    package let reason: String?

    /// The content of the event about one elicitation.
    package init(
        id: ElicitationID, status: ElicitationStatus, kind: String, version: Int64, clientID: String,
        session: SessionID, subject: Subject, digest: Digest, reportedBy: String?, reason: String?
    ) {
        self.id = id
        self.status = status
        self.kind = kind
        self.version = version
        self.clientID = clientID
        self.session = session
        self.subject = subject
        self.digest = digest
        self.reportedBy = reportedBy
        self.reason = reason
    }

    /// The event that tells the MCP server; nil for a status that is not final.
    package func event(at time: Timestamp) -> SecurityEvent? {
        SecurityEventType(status).map {
            SecurityEvent(
                type: $0, issuedAt: time, about: .person(subject), transaction: id.string, payload: payload)
        }
    }

    private var payload: JSONObject {
        var payload: JSONObject = [
            "elicitation": .string(id.string), "kind": .string(kind), "version": .integer(version),
            "client_id": .string(clientID), "sid": .string(session.string),
            "evidence": .string(reportedBy == nil ? "witnessed" : "reported"),
        ]
        if ElicitationKind(rawValue: kind)?.ask.sharesDigest == true { payload["digest"] = .string(digest.base64URL) }
        payload["reported_by"] = reportedBy.map(JSON.string)
        payload["reason"] = reason.map(JSON.string)
        return payload
    }
}
