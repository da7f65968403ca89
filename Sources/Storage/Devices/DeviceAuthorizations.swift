package import JOSE
package import OAuth

/// Requests of devices, with the verbs that decide and redeem them.
package struct DeviceAuthorizations: Noun {
    let transaction: Transaction

    /// The result of storing a request.
    package enum Insertion: Hashable, Sendable {
        case stored
        /// The party has as many open requests as it may have.
        case tooMany
        /// Another request has this user code.
        case taken
    }

    /// For how many seconds a request is known after its end, so that a late device learns what happened.
    private static let kept: Int64 = 3600
}

extension DeviceAuthorizations {
    /// Stores a request.
    package func insert(_ request: DeviceAuthorization, now: Timestamp) throws -> Insertion {
        guard try openCount(of: request.party, now: now) < DeviceAuthorization.mostOpen else { return .tooMany }
        try makeRoom(
            in: "device_authorizations", where: "state = 'pending' AND expires_at > ?1",
            below: DeviceAuthorization.mostOfAll, now: now)
        let isNew = try execute(
            """
            INSERT INTO device_authorizations (
                digest, user_code, client_id, party, site, resource, scope, address, created_at, expires_at,
                poll_interval, state)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 'pending')
            ON CONFLICT (user_code) DO NOTHING
            """, request.digest.stored, request.userCode.stored, request.clientID.string, request.party.stored,
            request.party.site ?? request.party.stored, request.resource.string, request.scope?.string, request.address,
            request.createdAt.seconds, request.expiresAt.seconds, DevicePolling.firstInterval)
        return isNew == 1 ? .stored : .taken
    }

    /// The request of a device code, in any state.
    package func find(_ digest: Digest) throws -> StoredDeviceAuthorization? {
        try first(
            "SELECT \(StoredDeviceAuthorization.columns) FROM device_authorizations WHERE digest = ?1", digest.stored
        ) { try StoredDeviceAuthorization($0) }
    }

    /// The pending request of a user code; nil for one that is unknown, decided or expired.
    package func find(userCode: Digest, now: Timestamp) throws -> StoredDeviceAuthorization? {
        try first(
            """
            SELECT \(StoredDeviceAuthorization.columns) FROM device_authorizations
            WHERE user_code = ?1 AND state = 'pending' AND expires_at > ?2
            """, userCode.stored, now.seconds
        ) { try StoredDeviceAuthorization($0) }
    }

    /// The number of pending requests of a party.
    package func openCount(of party: PushedRequest.Pusher, now: Timestamp) throws -> Int {
        try first(
            """
            SELECT count(*) FROM device_authorizations
            WHERE party = ?1 AND state = 'pending' AND expires_at > ?2
            """, party.stored, now.seconds
        ) { Int(try $0.integer(0)) } ?? 0
    }

    /// Stores how often the device may ask from now on.
    package func set(_ polling: DevicePolling, of digest: Digest) throws {
        try execute(
            """
            UPDATE device_authorizations SET poll_interval = ?2, polled_at = ?3 WHERE digest = ?1 AND state = 'pending'
            """, digest.stored, polling.interval, polling.lastAt?.seconds)
    }

    /// Gives a pending request to the interaction in which its user decides; false if another one has it.
    ///
    /// The interaction of a user who signed out is deleted, and the request is free again.
    package func take(_ digest: Digest, for interaction: InteractionID, now: Timestamp) throws -> Bool {
        try execute(
            """
            UPDATE device_authorizations SET interaction_id = ?2
            WHERE digest = ?1 AND state = 'pending' AND expires_at > ?3
                AND NOT EXISTS (SELECT 1 FROM interactions WHERE id = device_authorizations.interaction_id)
            """, digest.stored, interaction.string, now.seconds) == 1
    }

    /// Stores a denial; false unless the request is pending. A denied request can never be approved.
    package func deny(_ digest: Digest, now: Timestamp) throws -> Bool {
        try execute(
            """
            UPDATE device_authorizations SET state = 'denied', decided_at = ?2
            WHERE digest = ?1 AND state = 'pending' AND expires_at > ?2
            """, digest.stored, now.seconds) == 1
    }

    /// Stores the approval of an interaction's user with its session, which begins; false unless the request is pending and belongs
    /// to that interaction. The device has until `end` at least to collect its tokens, and has to prove what `proof` demands.
    ///
    /// What the client may and must do is kept here, because a user who signs out deletes the interaction.
    package func approve(
        _ digest: Digest, in interaction: InteractionID, beginning session: Session, _ origin: DeviceOrigin,
        demanding proof: ProofDemand = .nothing, refreshing: Bool = true, until end: Timestamp
    ) throws -> Bool {
        let isPending = try execute(
            """
            UPDATE device_authorizations
            SET state = 'approved', session_id = ?3, decided_at = ?4, expires_at = max(expires_at, ?5),
                proof = ?6, refreshes = ?7
            WHERE digest = ?1 AND interaction_id = ?2 AND state = 'pending' AND expires_at > ?4
            """, digest.stored, interaction.string, session.id.string, session.createdAt.seconds, end.seconds,
            proof.stored, refreshing ? 1 : 0)
        guard isPending == 1 else { return false }
        try transaction.sessions.begin(session)
        try execute(
            """
            INSERT INTO device_sessions (session_id, requested_at, requested_from, approved_from)
            VALUES (?1, ?2, ?3, ?4)
            """, session.id.string, origin.requestedAt.seconds, origin.requestedFrom, origin.approvedFrom)
        return true
    }

    /// Marks an approved request as redeemed; false unless it is approved. Of two simultaneous requests one succeeds.
    package func redeem(_ digest: Digest, now: Timestamp) throws -> Bool {
        try execute(
            """
            UPDATE device_authorizations SET state = 'redeemed', decided_at = ?2
            WHERE digest = ?1 AND state = 'approved' AND expires_at > ?2
            """, digest.stored, now.seconds) == 1
    }

    /// Where a session began; nil for one that no device began.
    package func origin(of session: SessionID) throws -> DeviceOrigin? {
        try first(
            "SELECT requested_at, requested_from, approved_from FROM device_sessions WHERE session_id = ?1",
            session.string
        ) { row in
            DeviceOrigin(
                requestedAt: try row.time(0), requestedFrom: try row.textIfAny(1), approvedFrom: try row.textIfAny(2))
        }
    }

    /// Expires at most `limit` approved sessions whose devices did not come back, and deletes as many old requests.
    func tidy(now: Timestamp, limit: Int) throws -> Int {
        let unused = try all(
            """
            UPDATE device_authorizations SET state = 'unused' WHERE digest IN (
                SELECT digest FROM device_authorizations WHERE expires_at <= ?1 AND state = 'approved'
                ORDER BY expires_at LIMIT ?2)
            RETURNING session_id, expires_at
            """, now.seconds, limit
        ) { (try $0.id(0, SessionID.self), try $0.time(1)) }
        for (id, end) in unused { try transaction.sessions.close(id, .expiry(.neverRedeemed, at: end)) }
        let deleted = try execute(
            """
            DELETE FROM device_authorizations WHERE digest IN (
                SELECT digest FROM device_authorizations WHERE expires_at <= ?1 AND state <> 'approved'
                ORDER BY expires_at LIMIT ?2)
            """, (now - Self.kept).seconds, limit)
        return unused.count + deleted
    }
}
