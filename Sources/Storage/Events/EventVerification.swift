import JOSE
package import OAuth

/// The events that verify the delivery to an MCP server. The value that each carries is no part of its row: it derives from the id.
///
/// Spec: Shared Signals Framework §8.1.4
package struct EventVerifications: Noun {
    let transaction: Transaction
}

extension EventVerifications {
    /// Sends a verification event: the one that waits at once and from the start of the retry schedule, or else a new one. It
    /// opens an endpoint that was disabled, so that the MCP server can prove it again. Nil for an unknown MCP server.
    @discardableResult
    package func request(of resource: ResourceID, now: Timestamp) throws -> EventID? {
        guard let found = try transaction.resources.find(id: resource), found.removedAt == nil else { return nil }
        try transaction.eventStreams.reopen(resource, now: now)
        if let waiting = try latest(of: resource), waiting.state == .waiting {
            _ = try transaction.events.retry(waiting.event.id, now: now)
            return waiting.event.id
        }
        let event = SecurityEvent(type: .verification, issuedAt: now, about: .stream(resource), payload: [:])
        try transaction.events.enqueue(event, resource: resource)
        return event.id
    }

    /// The newest verification event of an MCP server; nil if there was none.
    package func latest(of resource: ResourceID) throws -> EventRecord? {
        try first(
            """
            SELECT \(EventRecord.columns) FROM events
            WHERE resource_id = ?1 AND type = '\(SecurityEventType.verification.rawValue)' ORDER BY sequence DESC LIMIT 1
            """, resource.string
        ) { try EventRecord($0) }
    }

    /// Records that the MCP server returned the value of an event, which settles the event and activates the endpoint. False if
    /// the event was given up, or the endpoint is disabled or was replaced.
    package func confirm(_ event: EventRecord, at endpoint: String?, now: Timestamp) throws -> Bool {
        guard event.state != .dead else { return false }
        if let endpoint {
            guard try transaction.eventStreams.activate(endpoint, of: event.resourceID, now: now) else { return false }
        }
        try transaction.events.deliver(event.event.id, to: event.resourceID, now: now)
        return true
    }

    /// Deletes the verification event that waits: it is for an endpoint that is no longer the MCP server's.
    func withdraw(from resource: ResourceID) throws {
        try execute(
            """
            DELETE FROM events WHERE resource_id = ?1 AND type = '\(SecurityEventType.verification.rawValue)'
                AND state = 'waiting'
            """, resource.string)
    }
}
