package import OAuth

/// The verification of an MCP server's events endpoint: Gatehouse sends events only after the endpoint returned a secret
/// value, so that a mistyped URL receives none.
package struct EventStream: Hashable, Sendable {
    /// Whether the endpoint receives events.
    package enum State: String, Hashable, Sendable {
        /// The endpoint has not returned the value yet.
        case unverified
        /// The endpoint receives events.
        case active
        /// The endpoint is gone, or never returned the value.
        case disabled
    }

    package let endpoint: String
    package let state: State
    /// When a value first came back; nil before.
    package let verifiedAt: Timestamp?
    /// The HTTP status of the failure that disabled the endpoint.
    package let lastStatus: Int?
    /// The code of the failure that disabled the endpoint.
    package let lastError: String?
}

/// Events endpoints of MCP servers.
package struct EventStreams: Noun {
    let transaction: Transaction
}

extension EventStreams {
    /// The verification of an MCP server's endpoint; nil before its first verification event, and for another endpoint than the
    /// present one.
    package func find(of resource: ResourceID) throws -> EventStream? {
        try first(
            """
            SELECT s.endpoint, s.state, s.verified_at, s.last_status, s.last_error
            FROM event_streams s JOIN resources r ON r.id = s.resource_id AND r.events_endpoint = s.endpoint
            WHERE s.resource_id = ?1
            """, resource.string
        ) { row in
            EventStream(
                endpoint: try row.text(0), state: try row.parsed(EventStream.State(rawValue: row.text(1))),
                verifiedAt: try row.timeIfAny(2), lastStatus: try row.integerIfAny(3).map { Int($0) },
                lastError: try row.textIfAny(4))
        }
    }

    /// Lets verification events go to an endpoint that is new or disabled; one that receives events already is left alone. False if
    /// the MCP server has another endpoint by now.
    @discardableResult
    package func begin(_ endpoint: String, of resource: ResourceID, now: Timestamp) throws -> Bool {
        // The columns of the challenge served an earlier version: the value now belongs to the event.
        try execute(
            """
            INSERT INTO event_streams (resource_id, endpoint, state, due_at)
            SELECT id, events_endpoint, 'unverified', ?3 FROM resources
            WHERE id = ?1 AND events_endpoint = ?2 AND removed_at IS NULL
            ON CONFLICT (resource_id) DO UPDATE SET
                state = iif(endpoint = excluded.endpoint AND state = 'active', 'active', 'unverified'),
                verified_at = iif(endpoint = excluded.endpoint AND state = 'active', verified_at, NULL),
                last_status = NULL, last_error = NULL, endpoint = excluded.endpoint, challenge_digest = NULL,
                challenge_expires_at = NULL
            """, resource.string, endpoint, now.seconds) == 1
    }

    /// Lets verification events go to the present endpoint again, if the MCP server has one.
    package func reopen(_ resource: ResourceID, now: Timestamp) throws {
        guard let endpoint = try transaction.resources.find(id: resource)?.eventsEndpoint else { return }
        try begin(endpoint, of: resource, now: now)
    }

    /// Makes the present endpoint active; false if it is disabled or was never sent a verification event.
    @discardableResult
    package func activate(_ endpoint: String, of resource: ResourceID, now: Timestamp) throws -> Bool {
        let isActive = try execute(
            """
            UPDATE event_streams SET state = 'active', verified_at = coalesce(verified_at, ?3), last_status = NULL,
                last_error = NULL
            WHERE resource_id = ?1 AND endpoint = ?2 AND state IN ('unverified', 'active')
                AND endpoint = (SELECT events_endpoint FROM resources WHERE id = ?1)
            """, resource.string, endpoint, now.seconds)
        if isActive == 1 { writerMemory?.signals.add(stream: resource) }
        return isActive == 1
    }

    /// Disables an endpoint until it is verified again; false if it was disabled before.
    @discardableResult
    package func disable(_ endpoint: String, of resource: ResourceID, answer: EventAnswer) throws -> Bool {
        try execute(
            """
            UPDATE event_streams SET state = 'disabled', last_status = ?3, last_error = ?4
            WHERE resource_id = ?1 AND endpoint = ?2 AND state <> 'disabled'
            """, resource.string, endpoint, answer.status, answer.error) == 1
    }

    /// Sets the events endpoint of an MCP server; nil makes it poll. Even the same endpoint must be verified again, by a new
    /// verification event, and the other waiting events are due at once.
    package func set(eventsEndpoint: String?, of resource: ResourceID, now: Timestamp) throws {
        try execute("UPDATE resources SET events_endpoint = ?2 WHERE id = ?1", resource.string, eventsEndpoint)
        try execute("DELETE FROM event_streams WHERE resource_id = ?1", resource.string)
        try transaction.eventVerifications.withdraw(from: resource)
        try transaction.events.makeDue(eventsFor: resource, now: now)
        writerMemory?.signals.add(stream: resource)
    }
}
