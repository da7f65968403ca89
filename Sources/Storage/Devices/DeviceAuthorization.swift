package import JOSE
package import OAuth

/// The request of a device that waits for its user's decision in a browser elsewhere.
package struct DeviceAuthorization: Hashable, Sendable {
    /// The state of a request. Only `pending` and `approved` change.
    package enum State: String, Hashable, Sendable {
        /// No user decided yet.
        case pending
        case denied
        /// A user approved; the device has not collected its tokens yet.
        case approved
        /// The device has its tokens.
        case redeemed
        /// A user approved, and the device did not come back in time.
        case unused
    }

    /// The number of open requests of one party.
    package static let mostOpen = 50
    /// The number of open requests of all parties. Each is a code that somebody could guess. Beyond it, the site with the most loses
    /// its oldest.
    package static let mostOfAll = 500

    /// The digest of the device code.
    package let digest: Digest
    /// The digest of the user code, with a key.
    package let userCode: Digest
    package let clientID: ClientID
    /// The party whose open requests are counted together.
    package let party: PushedRequest.Pusher
    /// The identifier of the MCP server.
    package let resource: ResourceIdentifier
    /// The named scopes; nil for the defaults of the MCP server.
    package let scope: ScopeSet?
    /// The IP address of the device; nil where the server did not learn it.
    package let address: String?
    package let createdAt: Timestamp
    package let expiresAt: Timestamp

    /// A new request.
    package init(
        digest: Digest, userCode: Digest, clientID: ClientID, party: PushedRequest.Pusher,
        resource: ResourceIdentifier, scope: ScopeSet?, address: String?, createdAt: Timestamp, expiresAt: Timestamp
    ) {
        self.digest = digest
        self.userCode = userCode
        self.clientID = clientID
        self.party = party
        self.resource = resource
        self.scope = scope
        self.address = address
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}

/// A stored request of a device.
package struct StoredDeviceAuthorization: Hashable, Sendable {
    /// The digest of the device code.
    package let digest: Digest
    package let clientID: ClientID
    /// The identifier of the MCP server.
    package let resource: ResourceIdentifier
    /// The named scopes; nil for the defaults of the MCP server.
    package let scope: ScopeSet?
    /// The IP address of the device; nil where the server did not learn it.
    package let address: String?
    package let createdAt: Timestamp
    package let expiresAt: Timestamp
    package let state: DeviceAuthorization.State
    /// The interaction in which a user decides; nil before a user took up the request.
    package let interactionID: InteractionID?
    /// The session of the approval; nil without one.
    package let sessionID: SessionID?
    /// When the request reached its state; nil for a pending one.
    package let decidedAt: Timestamp?
    /// How often the device may ask.
    package let polling: DevicePolling
    /// The proof of possession that the collection of the tokens needs, as the approval found it.
    package let proofDemand: ProofDemand
    /// Whether the client may hold refresh tokens, as the approval found it; false before.
    package let refreshes: Bool

    static let columns = """
        digest, client_id, resource, scope, address, created_at, expires_at, state, interaction_id, session_id, decided_at,
        poll_interval, polled_at, proof, refreshes
        """

    init(_ row: StoredRow) throws {
        digest = try row.digest(0)
        clientID = try row.client(1)
        resource = try row.resource(2)
        scope = try row.textIfAny(3).map { try ScopeSet(parsing: $0) }
        address = try row.textIfAny(4)
        createdAt = try row.time(5)
        expiresAt = try row.time(6)
        state = try row.parsed(DeviceAuthorization.State(rawValue: row.text(7)))
        interactionID = try row.idIfAny(8)
        sessionID = try row.idIfAny(9)
        decidedAt = try row.timeIfAny(10)
        polling = DevicePolling(interval: try row.integer(11), lastAt: try row.timeIfAny(12))
        proofDemand = try ProofDemand(stored: row.textIfAny(13))
        refreshes = try row.flag(14)
    }
}
