import JOSE
package import OAuth

/// The verbs of a transaction about one noun, with the rows and the SQL that they share.
protocol Noun {
    var transaction: Transaction { get }
}

extension Noun {
    /// The memory that only the writer's queue may change; nil in a read.
    var writerMemory: StoreMemory? { transaction.writerMemory }
    /// The request that the transaction serves.
    var trace: TraceID? { transaction.trace }

    @discardableResult
    func execute(_ sql: String, _ values: Value...) throws -> Int { try transaction.execute(sql, values) }

    @discardableResult
    func execute(_ sql: String, _ values: [Value]) throws -> Int { try transaction.execute(sql, values) }

    func first<T>(_ sql: String, _ values: Value..., as decode: (StoredRow) throws -> T) throws -> T? {
        try transaction.first(sql, values, as: decode)
    }

    func first<T>(_ sql: String, _ values: [Value], as decode: (StoredRow) throws -> T) throws -> T? {
        try transaction.first(sql, values, as: decode)
    }

    func all<T>(_ sql: String, _ values: Value..., as decode: (StoredRow) throws -> T) throws -> [T] {
        try transaction.all(sql, values, as: decode)
    }

    func all<T>(_ sql: String, _ values: [Value], as decode: (StoredRow) throws -> T) throws -> [T] {
        try transaction.all(sql, values, as: decode)
    }
}

extension Transaction {
    package var access: AccessRules { AccessRules(transaction: self) }
    package var accountLinks: AccountLinks { AccountLinks(transaction: self) }
    package var allowedRedirects: AllowedRedirects { AllowedRedirects(transaction: self) }
    package var approvalAddresses: ApprovalAddresses { ApprovalAddresses(transaction: self) }
    package var audit: AuditTrail { AuditTrail(transaction: self) }
    package var auditFollowing: AuditFollowing { AuditFollowing(transaction: self) }
    package var backups: Backups { Backups(transaction: self) }
    package var clientPermissions: ClientPermissions { ClientPermissions(transaction: self) }
    package var clientRules: ClientRules { ClientRules(transaction: self) }
    package var clients: RegisteredClients { RegisteredClients(transaction: self) }
    package var clock: StoredClock { StoredClock(transaction: self) }
    package var codes: AuthorizationCodes { AuthorizationCodes(transaction: self) }
    package var connectionAttempts: ConnectionAttempts { ConnectionAttempts(transaction: self) }
    package var connections: Connections { Connections(transaction: self) }
    package var credentials: Credentials { Credentials(transaction: self) }
    package var devices: DeviceAuthorizations { DeviceAuthorizations(transaction: self) }
    package var documents: ClientDocuments { ClientDocuments(transaction: self) }
    package var dynamicClients: DynamicClients { DynamicClients(transaction: self) }
    package var elicitations: Elicitations { Elicitations(transaction: self) }
    package var events: Events { Events(transaction: self) }
    package var eventStreams: EventStreams { EventStreams(transaction: self) }
    package var eventVerifications: EventVerifications { EventVerifications(transaction: self) }
    package var groups: Groups { Groups(transaction: self) }
    package var homeRealms: HomeRealms { HomeRealms(transaction: self) }
    package var identityProviders: IdentityProviders { IdentityProviders(transaction: self) }
    package var interactions: Interactions { Interactions(transaction: self) }
    package var invitations: Invitations { Invitations(transaction: self) }
    package var jobs: Jobs { Jobs(transaction: self) }
    package var loads: StoredLoads { StoredLoads(transaction: self) }
    package var logins: BrowserLogins { BrowserLogins(transaction: self) }
    package var providers: Providers { Providers(transaction: self) }
    package var pushedRequests: PushedRequests { PushedRequests(transaction: self) }
    package var replacedClientSecrets: ReplacedSecrets<ClientID> { ReplacedSecrets(transaction: self) }
    package var replacedSecrets: ReplacedSecrets<ResourceID> { ReplacedSecrets(transaction: self) }
    package var replays: Replays { Replays(transaction: self) }
    package var resourceEdits: ResourceEdits { ResourceEdits(transaction: self) }
    package var resources: Resources { Resources(transaction: self) }
    package var sealedValues: SealedValues { SealedValues(transaction: self) }
    package var serviceSessions: ServiceSessions { ServiceSessions(transaction: self) }
    package var sessionHosts: SessionHosts { SessionHosts(transaction: self) }
    package var sessionReports: SessionReports { SessionReports(transaction: self) }
    package var sessions: Sessions { Sessions(transaction: self) }
    package var signInAttempts: SignInAttempts { SignInAttempts(transaction: self) }
    package var signInDemands: SignInDemands { SignInDemands(transaction: self) }
    var unfinishedEndings: UnfinishedEndings { UnfinishedEndings(transaction: self) }
    package var upstreamIdentities: UpstreamIdentities { UpstreamIdentities(transaction: self) }
    package var upstreamLogins: UpstreamLogins { UpstreamLogins(transaction: self) }
    package var upstreamRefreshTokens: UpstreamRefreshTokens { UpstreamRefreshTokens(transaction: self) }
    package var upstreamSessions: UpstreamSessions { UpstreamSessions(transaction: self) }
    package var userDeletions: UserDeletions { UserDeletions(transaction: self) }
    package var users: Users { Users(transaction: self) }
}

extension Noun {
    /// Keeps the rows of `table` for which `condition` holds below `most`: the site with the most loses its oldest, so that a flood
    /// from some sites leaves the rows of the others alone. Networks alone would not do: one IPv6 site has 65,536 of them. In
    /// `condition` ?1 is the time.
    func makeRoom(in table: String, where condition: String, below most: Int, now: Timestamp) throws {
        let count = try first("SELECT count(*) FROM \(table) WHERE \(condition)", now.seconds) { try $0.integer(0) }
        guard (count ?? 0) >= most else { return }
        try execute(
            """
            DELETE FROM \(table) WHERE digest = (
                SELECT digest FROM \(table) WHERE \(condition) AND site = (
                    SELECT site FROM \(table) WHERE \(condition)
                    GROUP BY site ORDER BY count(*) DESC, min(expires_at) LIMIT 1)
                ORDER BY expires_at LIMIT 1)
            """, now.seconds)
    }
}
