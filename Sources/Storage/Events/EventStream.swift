package import JOSE
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
    /// The digest of the value that the endpoint must return.
    package let challengeDigest: Digest?
    /// Until when the value must come back; nil without a challenge.
    package let challengeExpiresAt: Timestamp?
    /// When the value came back; nil before.
    package let verifiedAt: Timestamp?
    /// The number of challenges.
    package let attempts: Int
    /// The time of the next challenge.
    package let dueAt: Timestamp
    /// The HTTP status of the last challenge; nil if no answer came.
    package let lastStatus: Int?
    /// The code of the last failure.
    package let lastError: String?
}

/// Events endpoints of MCP servers.
package struct EventStreams: Noun {
    let transaction: Transaction
}

extension EventStreams {
    /// The verification of an MCP server's endpoint; nil before the first challenge.
    package func find(of resource: ResourceID) throws -> EventStream? {
        try first(
            """
            SELECT endpoint, state, challenge_digest, challenge_expires_at, verified_at, attempts, due_at, last_status,
                last_error
            FROM event_streams WHERE resource_id = ?1
            """, resource.string
        ) { row in
            EventStream(
                endpoint: try row.text(0), state: try row.parsed(EventStream.State(rawValue: row.text(1))),
                challengeDigest: try row.digestIfAny(2), challengeExpiresAt: try row.timeIfAny(3),
                verifiedAt: try row.timeIfAny(4), attempts: Int(try row.integer(5)), dueAt: try row.time(6),
                lastStatus: try row.integerIfAny(7).map { Int($0) }, lastError: try row.textIfAny(8))
        }
    }

    /// Stores a new challenge for an endpoint; false if the MCP server has another endpoint by now.
    package func challenge(
        _ endpoint: String, of resource: ResourceID, digest: Digest, expiresAt: Timestamp, now: Timestamp
    ) throws -> Bool {
        try execute(
            """
            INSERT INTO event_streams (
                resource_id, endpoint, state, challenge_digest, challenge_expires_at, due_at)
            SELECT id, events_endpoint, 'unverified', ?3, ?4, ?5 FROM resources
            WHERE id = ?1 AND events_endpoint = ?2 AND removed_at IS NULL
            ON CONFLICT (resource_id) DO UPDATE SET
                attempts = iif(endpoint = excluded.endpoint, attempts, 0), endpoint = excluded.endpoint,
                state = 'unverified', verified_at = NULL, challenge_digest = excluded.challenge_digest,
                challenge_expires_at = excluded.challenge_expires_at, due_at = excluded.due_at
            """, resource.string, endpoint, digest.stored, expiresAt.seconds, now.seconds) == 1
    }

    /// Records that a challenge was sent, and the time of the next one; without a next one the endpoint is disabled. False if
    /// the challenge is not the current one.
    @discardableResult
    package func recordChallenge(
        _ digest: Digest, of resource: ResourceID, answer: EventAnswer, again: Timestamp?
    ) throws -> Bool {
        try execute(
            """
            UPDATE event_streams SET attempts = attempts + 1, last_status = ?4, last_error = ?5,
                due_at = coalesce(?3, due_at), state = iif(?3 IS NULL, 'disabled', state)
            WHERE resource_id = ?1 AND challenge_digest = ?2 AND state = 'unverified'
            """, resource.string, digest.stored, again?.seconds, answer.status, answer.error) == 1
    }

    /// Makes the endpoint of a returned value active; false if the value is wrong or late. It may be returned twice.
    package func prove(_ digest: Digest, of resource: ResourceID, now: Timestamp) throws -> Bool {
        let isProven = try execute(
            """
            UPDATE event_streams SET state = 'active', verified_at = coalesce(verified_at, ?3), last_status = NULL,
                last_error = NULL
            WHERE resource_id = ?1 AND challenge_digest = ?2 AND challenge_expires_at > ?3
                AND state IN ('unverified', 'active')
                AND endpoint = (SELECT events_endpoint FROM resources WHERE id = ?1)
            """, resource.string, digest.stored, now.seconds)
        if isProven == 1 { writerMemory?.signals.add(stream: resource) }
        return isProven == 1
    }

    /// Disables an endpoint until an administrator sets it again; false if it was disabled before.
    @discardableResult
    package func disable(_ endpoint: String, of resource: ResourceID, answer: EventAnswer) throws -> Bool {
        try execute(
            """
            UPDATE event_streams SET state = 'disabled', last_status = ?3, last_error = ?4
            WHERE resource_id = ?1 AND endpoint = ?2 AND state <> 'disabled'
            """, resource.string, endpoint, answer.status, answer.error) == 1
    }

    /// Sets the events endpoint of an MCP server; nil makes it poll. Even the same endpoint must be verified again, and the
    /// waiting events are due at once.
    package func set(eventsEndpoint: String?, of resource: ResourceID, now: Timestamp) throws {
        try execute("UPDATE resources SET events_endpoint = ?2 WHERE id = ?1", resource.string, eventsEndpoint)
        try execute("DELETE FROM event_streams WHERE resource_id = ?1", resource.string)
        try transaction.events.makeDue(eventsFor: resource, now: now)
        writerMemory?.signals.add(stream: resource)
    }
}
