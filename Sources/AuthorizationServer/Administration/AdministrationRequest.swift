/// A request of an administrator, over the admin socket or in a command that holds the database itself.
package enum AdministrationRequest: Codable, Hashable, Sendable {
    /// About users.
    case users(UserRequest)
    /// About groups of users and their members.
    case groups(GroupRequest)
    /// Who may use which MCP server.
    case access(AccessRequest)
    /// About MCP servers.
    case resources(ResourceRequest)
    /// About clients.
    case clients(ClientRequest)
    /// About the managed configuration as one document.
    case configuration(ApplyRequest)
    /// About sessions.
    case sessions(SessionRequest)
    /// About elicitations.
    case elicitations(ElicitationsRequest)
    /// About jobs, which MCP servers continue without a client.
    case jobs(JobsRequest)
    /// About events for MCP servers.
    case events(EventRequest)
    /// About third parties at which users have accounts.
    case providers(ProviderRequest)
    /// About OpenID providers at which users sign in.
    case identityProviders(IdentityProviderRequest)
    /// About connected accounts of users.
    case connections(ConnectionRequest)
    /// About keys.
    case keys(KeyRequest)
    /// About the audit trail.
    case audit(AuditRequest)
    /// The live sessions at each MCP server, for an access review.
    case report(ReportRequest)
    /// About the database itself.
    case database(DatabaseRequest)
    /// A diagnosis.
    case doctor(DoctorRequest)
    /// Counts the live sessions that a request would revoke now, and lists the newest; changes nothing.
    indirect case preview(AdministrationRequest)
}

extension AdministrationRequest {
    /// The request as a request about its noun.
    var noun: any NounRequest {
        switch self {
        case .users(let request): request
        case .groups(let request): request
        case .access(let request): request
        case .resources(let request): request
        case .clients(let request): request
        case .configuration(let request): request
        case .sessions(let request): request
        case .elicitations(let request): request
        case .jobs(let request): request
        case .events(let request): request
        case .providers(let request): request
        case .identityProviders(let request): request
        case .connections(let request): request
        case .keys(let request): request
        case .audit(let request): request
        case .report(let request): request
        case .database(let request): request
        case .doctor(let request): request
        case .preview(let request): PreviewRequest(previewed: request)
        }
    }

    /// What must be known of the request before it is carried out.
    package var traits: RequestTraits { noun.traits }
}
