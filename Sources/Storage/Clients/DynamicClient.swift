package import JOSE
package import OAuth

/// A client that registered itself, as it is stored.
package struct DynamicClient: Hashable, Sendable {
    package let id: ClientID
    /// The registered metadata in its canonical form.
    package let metadata: [UInt8]
    /// The digest of the client secret; nil for a client without one.
    package let secretDigest: Digest?
    /// The digest of the registration access token; nil for a client that nobody manages.
    package let registrationTokenDigest: Digest?
    /// Whether an operator's initial access token admitted the client.
    package let isInvited: Bool
    /// The network that registered the client first; empty where no address was known.
    package let network: String
    /// The site of that network, which one subscriber may hold whole with all its networks.
    package let site: String
    package let registeredAt: Timestamp
    /// The latest registration with the same metadata, up to a minute late.
    package let lastRegisteredAt: Timestamp
    /// When a user first approved the client; nil for one that no stored session needs.
    package let usedAt: Timestamp?

    /// A client in its stored form.
    package init(
        id: ClientID, metadata: [UInt8], secretDigest: Digest? = nil, registrationTokenDigest: Digest? = nil,
        isInvited: Bool = false, network: String, site: String? = nil, registeredAt: Timestamp,
        lastRegisteredAt: Timestamp? = nil,
        usedAt: Timestamp? = nil
    ) {
        self.id = id
        self.metadata = metadata
        self.secretDigest = secretDigest
        self.registrationTokenDigest = registrationTokenDigest
        self.isInvited = isInvited
        self.network = network
        self.site = site ?? network
        self.registeredAt = registeredAt
        self.lastRegisteredAt = lastRegisteredAt ?? registeredAt
        self.usedAt = usedAt
    }

    /// Whether a registration at `now` is close enough to the stored one that nothing needs to be written. A flood of equal
    /// registrations therefore writes once a minute.
    package func isCurrent(at now: Timestamp) -> Bool {
        now.isWithin(DynamicClients.registrationStep - 1, of: lastRegisteredAt)
    }
}

/// Clients that registered themselves.
///
/// A client that no user approved is kept for a limited time and in a limited number. A client that was approved stays as long
/// as one of its sessions is stored.
package struct DynamicClients: Noun {
    let transaction: Transaction
}

extension DynamicClients {
    /// The limits of clients that no user approved.
    package struct Limits: Sendable {
        /// The number of all of them.
        package var total: Int
        /// The number from one network.
        package var perNetwork: Int
        /// The number from one site.
        package var perSite: Int

        /// Limits; the defaults are those of the server.
        package init(total: Int = 10_000, perNetwork: Int = 200, perSite: Int = 1_000) {
            self.total = total
            self.perNetwork = perNetwork
            self.perSite = perSite
        }
    }

    /// What became of a registration.
    package enum Verdict: Hashable, Sendable {
        /// The client is new.
        case new(DynamicClient)
        /// The client was stored already.
        case known(DynamicClient)
        /// No room: every client that could give way registered a moment ago. After as many seconds one may.
        case full(retryAfter: Int64)
    }

    /// The seconds for which a client stays after its last registration, if no user approves it.
    package static let unusedLife: Int64 = 72 * 3_600
    /// The same for a client that an administrator's initial access token admitted, whose number the administrator bounded.
    static let invitedLife: Int64 = 90 * 86_400
    /// The seconds after its last registration for which a client never gives way: the time of a sign-in and an approval.
    package static let grace: Int64 = 15 * 60
    /// The seconds after which a repeated registration is written again.
    static let registrationStep: Int64 = 60

    private static let columns = """
        id, metadata, secret_digest, token_digest, is_invited, network, site, registered_at, last_registered_at, used_at
        """

    /// The client of this id.
    package func find(_ id: ClientID) throws -> DynamicClient? {
        try first("SELECT \(Self.columns) FROM dynamic_clients WHERE id = ?1", id.string) { try client($0) }
    }

    /// At most `limit` clients by id, behind the given one.
    package func list(after id: ClientID? = nil, limit: Int = 1_000) throws -> [DynamicClient] {
        try all(
            "SELECT \(Self.columns) FROM dynamic_clients WHERE id > ?1 ORDER BY id LIMIT ?2", id?.string ?? "", limit
        ) { try client($0) }
    }

    /// Stores a new client, or notes that a stored one registered again.
    ///
    /// Beyond the limits, unapproved clients give way: the oldest of the same network, of the same site, then of the site that
    /// has the most. So a flood displaces its own clients. One that registered within the last minutes does not give way, because
    /// its user may be about to approve it.
    package func register(_ client: DynamicClient, within limits: Limits = Limits()) throws -> Verdict {
        let noted = try execute(
            """
            UPDATE dynamic_clients SET last_registered_at = CASE
                WHEN last_registered_at <= ?2 - ?3 THEN ?2 ELSE last_registered_at END
            WHERE id = ?1
            """, client.id.string, client.registeredAt.seconds, Self.registrationStep)
        if noted == 1, let stored = try find(client.id) { return .known(stored) }
        if !client.isInvited, let wait = try makeRoom(for: client, within: limits) { return .full(retryAfter: wait) }
        try execute(
            """
            INSERT INTO dynamic_clients (\(Self.columns)) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, NULL)
            """, client.id.string, client.metadata, client.secretDigest?.stored, client.registrationTokenDigest?.stored,
            client.isInvited ? 1 : 0, client.network, client.site, client.registeredAt.seconds,
            client.lastRegisteredAt.seconds)
        return .new(client)
    }

    /// Replaces metadata and registration access token of a client; false if it does not exist.
    package func update(_ id: ClientID, metadata: [UInt8], registrationTokenDigest: Digest) throws -> Bool {
        writerMemory?.clientChanges.mark()
        return try execute(
            "UPDATE dynamic_clients SET metadata = ?2, token_digest = ?3 WHERE id = ?1", id.string, metadata,
            registrationTokenDigest.stored) == 1
    }

    /// Removes a client and ends its sessions; nil if it does not exist.
    package func remove(client id: ClientID, _ ending: SessionEnding) throws -> EndedSessions? {
        writerMemory?.clientChanges.mark()
        guard try execute("DELETE FROM dynamic_clients WHERE id = ?1", id.string) == 1 else { return nil }
        return try transaction.sessions.end(SessionFilter(client: id), ending)
    }

    private func client(_ row: StoredRow) throws -> DynamicClient {
        try DynamicClient(
            id: row.client(0), metadata: row.bytes(1), secretDigest: row.digestIfAny(2),
            registrationTokenDigest: row.digestIfAny(3), isInvited: row.flag(4), network: row.text(5),
            site: row.text(6),
            registeredAt: row.time(7), lastRegisteredAt: row.time(8), usedAt: row.timeIfAny(9))
    }
}
