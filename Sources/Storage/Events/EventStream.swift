package import JOSE
package import OAuth

/// What an MCP server's events endpoint has shown of itself.
package struct EventStream: Hashable, Sendable {
    /// Whether it gets events.
    package enum State: String, Hashable, Sendable {
        /// It has not shown yet that it wants them.
        case unverified
        /// It gets them.
        case active
        /// It is gone, or never showed that it wants them.
        case disabled
    }

    package let endpoint: String
    package let state: State
    /// The digest of the value that it has to bring back.
    package let challengeDigest: Digest?
    package let challengeExpiresAt: Timestamp?
    package let verifiedAt: Timestamp?
    /// How often it was asked.
    package let attempts: Int
    /// When it is to be asked again.
    package let dueAt: Timestamp
    package let lastStatus: Int?
    package let lastError: String?
}

/// Endpoints that take events.
package struct EventStreams: Noun {
    let transaction: Transaction
}

extension EventStreams {
    /// What is known of an MCP server's endpoint; nil when it was never asked.
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

    /// Begins to ask an endpoint, or asks it for another value. False when the MCP server has another endpoint by now.
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

    /// Notes that an endpoint was asked and when it is asked again; without a next time it is not asked any more. True when
    /// that was so for the endpoint that counts.
    @discardableResult
    package func noteChallenge(
        _ digest: Digest, of resource: ResourceID, answer: EventAnswer, again: Timestamp?
    ) throws -> Bool {
        try execute(
            """
            UPDATE event_streams SET attempts = attempts + 1, last_status = ?4, last_error = ?5,
                due_at = coalesce(?3, due_at), state = iif(?3 IS NULL, 'disabled', state)
            WHERE resource_id = ?1 AND challenge_digest = ?2 AND state = 'unverified'
            """, resource.string, digest.stored, again?.seconds, answer.status, answer.error) == 1
    }

    /// Makes the endpoint active whose value came back in time; true also when it did before.
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

    /// Sends nothing to this endpoint any more, until the operator names it again; false when that was so before.
    @discardableResult
    package func disable(_ endpoint: String, of resource: ResourceID, answer: EventAnswer) throws -> Bool {
        try execute(
            """
            UPDATE event_streams SET state = 'disabled', last_status = ?3, last_error = ?4
            WHERE resource_id = ?1 AND endpoint = ?2 AND state <> 'disabled'
            """, resource.string, endpoint, answer.status, answer.error) == 1
    }

    /// Says where an MCP server's events go; nil lets it poll. Also the same endpoint has to show anew that it wants them,
    /// and what had to wait for the old one is due.
    package func set(eventsEndpoint: String?, of resource: ResourceID, now: Timestamp) throws {
        try execute("UPDATE resources SET events_endpoint = ?2 WHERE id = ?1", resource.string, eventsEndpoint)
        try execute("DELETE FROM event_streams WHERE resource_id = ?1", resource.string)
        try transaction.events.hasten(eventsFor: resource, now: now)
        writerMemory?.signals.add(stream: resource)
    }
}
