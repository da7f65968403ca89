package import OAuth

/// The stored outcome of a delivery: the HTTP status, and a code of Gatehouse's own. No text of the receiver is stored.
package struct EventAnswer: Hashable, Sendable {
    /// The HTTP status; nil if no answer came.
    package let status: Int?
    /// A short code of Gatehouse's own; nil after a success.
    package let error: String?

    /// A status, a code, or both.
    package init(status: Int? = nil, error: String? = nil) {
        self.status = status
        self.error = error
    }
}

/// The events for the endpoint of one MCP server.
package struct PushQueue: Sendable {
    /// The URL of the endpoint.
    package let endpoint: String
    /// The `aud` of the events.
    package let audience: ResourceIdentifier
    /// The verification of this endpoint; nil before the first verification event.
    package let stream: EventStream?
    /// The events that are due, longest due first; to an endpoint that is not verified, only its verification event.
    package let due: [EventRecord]
    /// When the next of the other events is due; nil without one.
    package let nextDue: Timestamp?

    /// Whether the endpoint has to be sent its first verification event.
    package let lacksVerification: Bool
}

extension Events {
    /// The MCP servers with an events endpoint.
    package func pushedResources() throws -> [ResourceID] {
        try all("SELECT id FROM resources WHERE events_endpoint IS NOT NULL AND removed_at IS NULL") { try $0.id(0) }
    }

    /// The push queue of an MCP server; nil without an events endpoint.
    package func pushQueue(of resource: ResourceID, now: Timestamp, limit: Int) throws -> PushQueue? {
        let place = try first(
            """
            SELECT events_endpoint, identifier FROM resources
            WHERE id = ?1 AND removed_at IS NULL AND events_endpoint IS NOT NULL
            """, resource.string
        ) { (try $0.text(0), try ResourceIdentifier($0.text(1))) }
        guard let (endpoint, audience) = place else { return nil }
        let stream = try transaction.eventStreams.find(of: resource)
        if stream?.state == .active {
            return PushQueue(
                endpoint: endpoint, audience: audience, stream: stream,
                due: try due(of: resource, now: now, limit: limit), nextDue: try nextDue(of: resource, after: now),
                lacksVerification: false)
        }
        let verification = stream?.state == .unverified ? try transaction.eventVerifications.latest(of: resource) : nil
        let waiting = verification.flatMap { $0.state == .waiting ? $0 : nil }
        let isDue = waiting.map { $0.dueAt <= now } ?? false
        return PushQueue(
            endpoint: endpoint, audience: audience, stream: stream, due: isDue ? [waiting].compactMap(\.self) : [],
            nextDue: isDue ? nil : waiting?.dueAt, lacksVerification: waiting == nil && stream?.state != .disabled)
    }

    /// The due events of an MCP server, longest due first.
    package func due(of resource: ResourceID, now: Timestamp, limit: Int) throws -> [EventRecord] {
        try all(
            """
            SELECT \(EventRecord.columns) FROM events WHERE resource_id = ?1 AND state = 'waiting' AND due_at <= ?2
            ORDER BY due_at, sequence LIMIT ?3
            """, resource.string, now.seconds, limit
        ) { try EventRecord($0) }
    }

    /// When the first event that is not yet due becomes due; nil without one.
    func nextDue(of resource: ResourceID, after now: Timestamp) throws -> Timestamp? {
        try first(
            "SELECT min(due_at) FROM events WHERE resource_id = ?1 AND state = 'waiting' AND due_at > ?2",
            resource.string, now.seconds
        ) { try $0.timeIfAny(0) } ?? nil
    }

    /// Marks an event as delivered; false if it does not wait or belongs to another MCP server.
    @discardableResult
    package func deliver(_ id: EventID, to resource: ResourceID, now: Timestamp) throws -> Bool {
        try execute(
            """
            UPDATE events SET state = 'delivered', attempts = attempts + 1, settled_at = ?3, last_status = NULL,
                last_error = NULL
            WHERE id = ?1 AND resource_id = ?2 AND state = 'waiting'
            """, id.string, resource.string, now.seconds) == 1
    }

    /// Records a failed attempt and the time of the next one; without a next one the event is a dead letter.
    @discardableResult
    package func fail(
        _ id: EventID, to resource: ResourceID, answer: EventAnswer, again: Timestamp?, now: Timestamp
    ) throws -> Bool {
        try execute(
            """
            UPDATE events SET attempts = attempts + 1, last_status = ?5, last_error = ?6, due_at = coalesce(?3, due_at),
                state = iif(?3 IS NULL, 'dead', 'waiting'), settled_at = iif(?3 IS NULL, ?4, NULL)
            WHERE id = ?1 AND resource_id = ?2 AND state = 'waiting'
            """, id.string, resource.string, again?.seconds, now.seconds, answer.status, answer.error) == 1
    }

    /// Makes the waiting events of an MCP server due now, if `attempts` is given only those with at most so many attempts: the
    /// endpoint answers again, or there is another one.
    package func makeDue(eventsFor resource: ResourceID, afterAtMost attempts: Int? = nil, now: Timestamp) throws {
        try execute(
            """
            UPDATE events SET due_at = ?2
            WHERE resource_id = ?1 AND state = 'waiting' AND due_at > ?2 AND (?3 IS NULL OR attempts <= ?3)
            """, resource.string, now.seconds, attempts)
    }

    /// Restarts the delivery of an event under the same id; false for a delivered event.
    package func retry(_ id: EventID, now: Timestamp) throws -> Bool {
        let resource: ResourceID? = try first(
            """
            UPDATE events SET state = 'waiting', settled_at = NULL, attempts = 0, due_at = ?2
            WHERE id = ?1 AND state <> 'delivered' RETURNING resource_id
            """, id.string, now.seconds
        ) { try $0.id(0) }
        if let resource { writerMemory?.signals.add(stream: resource) }
        return resource != nil
    }

    /// The stored events, newest first, behind the one with the given id.
    package func list(
        resource: ResourceID? = nil, state: EventRecord.State? = nil, after id: EventID? = nil, limit: Int
    ) throws -> [EventRecord] {
        try all(
            """
            SELECT \(EventRecord.columns) FROM events
            WHERE (?1 IS NULL OR resource_id = ?1) AND (?2 IS NULL OR state = ?2)
                AND (?3 IS NULL OR sequence < (SELECT sequence FROM events WHERE id = ?3))
            ORDER BY sequence DESC LIMIT ?4
            """, resource?.string, state?.rawValue, id?.string, limit
        ) { try EventRecord($0) }
    }

    /// The time of the oldest session-revoked event that the MCP server has not received: it still waits, or was given up while
    /// access tokens of the session may be valid. Nil without one.
    package func oldestWaitingEnd(for resource: ResourceID, now: Timestamp) throws -> Timestamp? {
        try first(
            """
            SELECT min(at) FROM (
                SELECT min(created_at) AS at FROM events WHERE resource_id = ?1 AND state = 'waiting'
                    AND type = '\(SecurityEventType.sessionRevoked.rawValue)'
                UNION ALL
                SELECT min(created_at) FROM events WHERE state = 'dead' AND settled_at > ?2 AND created_at > ?2
                    AND resource_id = ?1 AND type = '\(SecurityEventType.sessionRevoked.rawValue)')
            """, resource.string, (now - Self.tokensLive).seconds
        ) { try $0.timeIfAny(0) } ?? nil
    }

    /// When an MCP server last accepted an event, as far as rows of delivered events are kept.
    package func lastDelivery(to resource: ResourceID) throws -> Timestamp? {
        try first("SELECT max(settled_at) FROM events WHERE resource_id = ?1 AND state = 'delivered'", resource.string)
        {
            try $0.timeIfAny(0)
        } ?? nil
    }

    /// The time of the oldest waiting event of an MCP server; nil without one.
    package func waitingSince(for resource: ResourceID) throws -> Timestamp? {
        try first("SELECT min(created_at) FROM events WHERE resource_id = ?1 AND state = 'waiting'", resource.string) {
            try $0.timeIfAny(0)
        } ?? nil
    }

    /// The longest lifetime of an access token in seconds.
    private static let tokensLive: Int64 = 3_600

    /// The number of waiting events of MCP servers that receive events.
    package func waitingCount() throws -> Int64 {
        try first("SELECT count(*) FROM events WHERE state = 'waiting' AND \(Self.isAwaited)") {
            try $0.integer(0)
        } ?? 0
    }

    /// The condition that the MCP server of an event has an endpoint, or polled within four days before the event.
    static let isAwaited = """
        EXISTS (SELECT 1 FROM resources r WHERE r.id = events.resource_id
            AND (r.events_endpoint IS NOT NULL OR r.polled_at > events.created_at - 345600))
        """
}

extension Events {
    private static let day: Int64 = 86_400

    /// Gives up events that were due for four days, and deletes events that were settled long ago.
    ///
    /// An MCP server that has no endpoint and never polls reads the status of each elicitation instead. Its unfetched events
    /// are deleted, because dead letters would report a failure that no operator can mend.
    func tidy(now: Timestamp, limit: Int) throws -> Int {
        let stale = (now - 4 * Self.day).seconds
        let unasked = try execute(
            """
            DELETE FROM events WHERE sequence IN (
                SELECT sequence FROM events
                WHERE state = 'waiting' AND settled_at IS NULL AND created_at <= ?1 AND due_at <= ?1
                ORDER BY created_at LIMIT ?2)
                AND attempts = 0 AND NOT \(Self.isAwaited)
            """, stale, limit)
        let givenUp = try execute(
            """
            UPDATE events SET state = 'dead', settled_at = ?2, last_error = coalesce(last_error, 'nobody took it')
            WHERE sequence IN (
                SELECT sequence FROM events
                WHERE state = 'waiting' AND settled_at IS NULL AND created_at <= ?1 AND due_at <= ?1
                ORDER BY created_at LIMIT ?3)
                AND (attempts > 0 OR \(Self.isAwaited))
            """, stale, now.seconds, limit)
        return try unasked + givenUp + forget("delivered", before: now - 7 * Self.day, limit)
            + forget("dead", before: now - 30 * Self.day, limit)
    }

    private func forget(_ state: String, before time: Timestamp, _ limit: Int) throws -> Int {
        try execute(
            """
            DELETE FROM events WHERE sequence IN (
                SELECT sequence FROM events WHERE state = ?1 AND settled_at <= ?2 ORDER BY settled_at LIMIT ?3)
            """, state, time.seconds, limit)
    }
}
