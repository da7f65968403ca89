/// One thing that an operator asks of Gatehouse, the same over the admin socket and directly on the database.
package enum AdministrationRequest: Codable, Hashable, Sendable {
    /// About accounts of people.
    case users(UserRequest)
    /// About MCP servers.
    case resources(ResourceRequest)
    /// About clients.
    case clients(ClientRequest)
    /// About sessions.
    case sessions(SessionRequest)
    /// About elicitations.
    case elicitations(ElicitationsRequest)
    /// About work that goes on without a client.
    case jobs(JobsRequest)
    /// About events on their way to MCP servers.
    case events(EventRequest)
    /// About third parties at which people have accounts.
    case providers(ProviderRequest)
    /// About accounts that people connected.
    case connections(ConnectionRequest)
    /// About keys.
    case keys(KeyRequest)
    /// About the audit trail.
    case audit(AuditRequest)
    /// What lives at each MCP server, for an access review.
    case report(ReportRequest)
    /// About the database itself.
    case database(DatabaseRequest)
    /// About how things are going.
    case doctor(DoctorRequest)
    /// Counts the live sessions that a request would end if it were made now, and shows the newest; nothing is ended.
    indirect case preview(AdministrationRequest)
}
