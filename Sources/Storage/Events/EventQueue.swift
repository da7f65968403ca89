package import OAuth

/// What is kept of a receiver's answer: its status and a word of our own, nothing that it wrote.
package struct EventAnswer: Hashable, Sendable {
    package let status: Int?
    package let error: String?

    /// A status, a word, or both.
    package init(status: Int? = nil, error: String? = nil) {
        self.status = status
        self.error = error
    }
}

/// What one MCP server's endpoint is to get.
package struct PushQueue: Sendable {
    /// Where the events go.
    package let endpoint: String
    /// Whom they are for.
    package let audience: ResourceIdentifier
    /// What this endpoint has shown so far; nil when nobody asked it yet.
    package let stream: EventStream?
    /// What can be sent now, the longest due first.
    package let due: [EventRecord]
    /// When the next of the others is due.
    package let nextDue: Timestamp?

    /// Whether the endpoint has shown that it wants events, and did not close since.
    package var isProven: Bool { stream?.state == .active }
}

extension Events {
    /// The MCP servers that take their events at an endpoint.
    package func pushedResources() throws -> [ResourceID] {
        try all("SELECT id FROM resources WHERE events_endpoint IS NOT NULL AND removed_at IS NULL") { try $0.id(0) }
    }

    /// What the endpoint of an MCP server is to get; nil when it has none.
    package func pushQueue(of resource: ResourceID, now: Timestamp, limit: Int) throws -> PushQueue? {
        let place = try first(
            """
            SELECT events_endpoint, identifier FROM resources
            WHERE id = ?1 AND removed_at IS NULL AND events_endpoint IS NOT NULL
            """, resource.string
        ) { (try $0.text(0), try ResourceIdentifier($0.text(1))) }
        guard let (endpoint, audience) = place else { return nil }
        let stream = try transaction.eventStreams.find(of: resource).flatMap { $0.endpoint == endpoint ? $0 : nil }
        let isProven = stream?.state == .active
        return PushQueue(
            endpoint: endpoint, audience: audience, stream: stream,
            due: isProven ? try due(of: resource, now: now, limit: limit) : [],
            nextDue: isProven ? try nextDue(of: resource, after: now) : nil)
    }

    /// The events of an MCP server that can be handed over now, the longest due first.
    package func due(of resource: ResourceID, now: Timestamp, limit: Int) throws -> [EventRecord] {
        try all(
            """
            SELECT \(EventRecord.columns) FROM events WHERE resource_id = ?1 AND state = 'waiting' AND due_at <= ?2
            ORDER BY due_at, sequence LIMIT ?3
            """, resource.string, now.seconds, limit
        ) { try EventRecord($0) }
    }

    /// When the first event that is not due yet will be.
    package func nextDue(of resource: ResourceID, after now: Timestamp) throws -> Timestamp? {
        try first(
            "SELECT min(due_at) FROM events WHERE resource_id = ?1 AND state = 'waiting' AND due_at > ?2",
            resource.string, now.seconds
        ) { try $0.timeIfAny(0) } ?? nil
    }

    /// Notes that the MCP server has the event; false for one that does not wait, or is another's.
    @discardableResult
    package func deliver(_ id: EventID, to resource: ResourceID, now: Timestamp) throws -> Bool {
        try execute(
            """
            UPDATE events SET state = 'delivered', attempts = attempts + 1, settled_at = ?3, last_status = NULL,
                last_error = NULL
            WHERE id = ?1 AND resource_id = ?2 AND state = 'waiting'
            """, id.string, resource.string, now.seconds) == 1
    }

    /// Notes an attempt in vain and when the next one follows; without a next one the event is a dead letter.
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

    /// Makes everything due that waits for an MCP server, or what was tried no more often than so: it is back, or takes its
    /// events elsewhere.
    package func hasten(eventsFor resource: ResourceID, triedAtMost attempts: Int? = nil, now: Timestamp) throws {
        try execute(
            """
            UPDATE events SET due_at = ?2
            WHERE resource_id = ?1 AND state = 'waiting' AND due_at > ?2 AND (?3 IS NULL OR attempts <= ?3)
            """, resource.string, now.seconds, attempts)
    }

    /// Has an event sent again from the start of the schedule, under the same id; false for one that arrived.
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

    /// The events that are kept, the newest first; those behind one, if it is named.
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

    /// Since when the end of a session waits for an MCP server that has not taken it, or was given up while tokens of the
    /// session may live; nil when there is none.
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

    /// The longest that an access token lives.
    private static let tokensLive: Int64 = 3_600

    /// How many events wait to be taken by somebody who takes any.
    package func waitingCount() throws -> Int64 {
        try first("SELECT count(*) FROM events WHERE state = 'waiting' AND \(Self.isAwaited)") {
            try $0.integer(0)
        } ?? 0
    }

    /// Whether the MCP server has its events pushed, or fetched some within four days before this one: then it is to have it.
    fileprivate static let isAwaited = """
        EXISTS (SELECT 1 FROM resources r WHERE r.id = events.resource_id
            AND (r.events_endpoint IS NOT NULL OR r.polled_at > events.created_at - 345600))
        """
}

extension Events {
    private static let day: Int64 = 86_400

    /// Gives up what was due for four days and taken by nobody, and forgets what was settled long ago.
    ///
    /// An MCP server that neither has events pushed nor fetches any is content with what it reads of each elicitation: what it
    /// did not fetch is no failure that an operator could mend, and is forgotten without a word.
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
