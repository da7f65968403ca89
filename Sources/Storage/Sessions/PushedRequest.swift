package import JOSE
package import OAuth

/// An authorization request that a client pushed and that no user has taken up yet.
package struct PushedRequest: Hashable, Sendable {
    /// The party whose open requests are counted together.
    package enum Pusher: Hashable, Sendable {
        /// A client that an operator registered and that authenticated.
        case client(ClientID)
        /// A network, for all other clients in it: anyone can push under the id of a public client, so counting by that id would let
        /// a stranger lock the client out.
        ///
        /// The site holds the network with others of the same subscriber.
        case network(String, site: String)

        /// Whether anybody can be this pusher.
        package var isStranger: Bool {
            switch self {
            case .client: false
            case .network: true
            }
        }
    }

    /// The number of open requests of one pusher.
    package static let mostOpen = 200
    /// The number of open requests of all networks. Beyond it, the network with the most loses its oldest.
    package static let mostOfNetworks = 5_000

    /// The digest of the `request_uri`.
    package let digest: Digest
    package let clientID: ClientID
    package let pusher: Pusher
    /// The request as the query of a URL.
    package let request: String
    package let expiresAt: Timestamp

    /// A request in its stored form.
    package init(digest: Digest, clientID: ClientID, pusher: Pusher, request: String, expiresAt: Timestamp) {
        self.digest = digest
        self.clientID = clientID
        self.pusher = pusher
        self.request = request
        self.expiresAt = expiresAt
    }

    /// What is known of a `request_uri`.
    package enum State: Hashable, Sendable {
        /// The request as the query of a URL.
        case open(String)
        /// This interaction used it.
        case used(InteractionID)
    }
}

/// Pushed authorization requests.
package struct PushedRequests: Noun {
    let transaction: Transaction
}

extension PushedRequests {
    /// Stores a request; false if its pusher has `mostOpen` open ones.
    package func insert(_ pushed: PushedRequest, now: Timestamp) throws -> Bool {
        guard try openCount(of: pushed.pusher, now: now) < PushedRequest.mostOpen else { return false }
        if case .network = pushed.pusher {
            try makeRoom(
                in: "pushed_requests", where: "site IS NOT NULL AND interaction_id IS NULL AND expires_at > ?1",
                below: PushedRequest.mostOfNetworks, now: now)
        }
        try execute(
            """
            INSERT INTO pushed_requests (digest, client_id, pusher, site, request, expires_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            """, pushed.digest.stored, pushed.clientID.string, pushed.pusher.stored, pushed.pusher.site, pushed.request,
            pushed.expiresAt.seconds)
        return true
    }

    /// The request of a `request_uri` with this digest; nil if it is unknown, expired, or another client's.
    package func find(_ digest: Digest, of client: ClientID, now: Timestamp) throws -> PushedRequest.State? {
        try first(
            """
            SELECT request, interaction_id FROM pushed_requests
            WHERE digest = ?1 AND client_id = ?2 AND expires_at > ?3
            """, digest.stored, client.string, now.seconds
        ) { row in
            try row.idIfAny(1).map(PushedRequest.State.used) ?? .open(row.text(0))
        }
    }

    /// Uses a request for an interaction, once: nil on success, else the interaction that used it before.
    ///
    /// A user may sign in after the request expired, when its row may be gone. The sealed sign-in page then proves that it was
    /// valid, so a row is written that excludes a second use until `end`, when no such page can be submitted any more.
    package func use(
        _ digest: Digest, of client: ClientID, for interaction: InteractionID, until end: Timestamp
    ) throws -> InteractionID? {
        let isFirst = try execute(
            """
            INSERT INTO pushed_requests (digest, client_id, pusher, request, expires_at, interaction_id)
            VALUES (?1, ?2, '', '', ?3, ?4)
            ON CONFLICT (digest) DO UPDATE SET request = '', expires_at = ?3, interaction_id = ?4
            WHERE interaction_id IS NULL
            """, digest.stored, client.string, end.seconds, interaction.string)
        guard isFirst == 0 else { return nil }
        return try first("SELECT interaction_id FROM pushed_requests WHERE digest = ?1", digest.stored) { try $0.id(0) }
    }

    /// Lets a used request belong to another interaction, which takes the place of `earlier`; false if another one took it before.
    package func move(_ digest: Digest, from earlier: InteractionID, to interaction: InteractionID) throws -> Bool {
        try execute(
            "UPDATE pushed_requests SET interaction_id = ?3 WHERE digest = ?1 AND interaction_id = ?2", digest.stored,
            earlier.string, interaction.string) == 1
    }

    /// The interaction that used a request; nil for an open or an unknown one.
    package func user(of digest: Digest) throws -> InteractionID? {
        try first("SELECT interaction_id FROM pushed_requests WHERE digest = ?1", digest.stored) { try $0.idIfAny(0) }
            .flatMap(\.self)
    }

    /// Deletes the open requests of a client.
    package func removeOpen(of client: ClientID) throws {
        try execute(
            "DELETE FROM pushed_requests WHERE client_id = ?1 AND interaction_id IS NULL", client.string)
    }

    /// The number of requests of a pusher that are neither used nor expired.
    package func openCount(of pusher: PushedRequest.Pusher, now: Timestamp) throws -> Int {
        try first(
            """
            SELECT count(*) FROM pushed_requests
            WHERE pusher = ?1 AND interaction_id IS NULL AND expires_at > ?2
            """, pusher.stored, now.seconds
        ) { Int(try $0.integer(0)) } ?? 0
    }
}

extension PushedRequest.Pusher {
    /// The text of the column; the first word tells a client from a network.
    var stored: String {
        switch self {
        case .client(let id): "client \(id.string)"
        case .network(let network, _): "network \(network)"
        }
    }

    /// The site of a network; nil for a client.
    var site: String? {
        switch self {
        case .client: nil
        case .network(_, let site): site
        }
    }
}
