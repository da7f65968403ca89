import ArgumentParser
import AuthorizationServer

/// `gatehouse report`: the live sessions at each MCP server, for an access review.
struct Report: AdministrationCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Count the live sessions of each owner and MCP server, or of each user.",
        discussion: """
            A refresh or an introspection counts as a use; an MCP server that verifies tokens itself shows only refreshes. A \
            session is never used if neither has happened since its code was redeemed; it also counts as idle after the time \
            given with --idle-for.
            """)
    @Option(help: "Only MCP servers of this owner.") var owner: String?
    @Option(help: "Count by MCP server (default) or by user.") var by: Grouping = .resource
    @Option(help: "Time without use after which a session counts as idle (default: 7d).")
    var idleFor: DurationArgument?
    @OptionGroup var global: GlobalOptions
    var columns: [Column] {
        by == .user ? Self.userColumns : Self.resourceColumns
    }

    /// What the rows of a report are about.
    enum Grouping: String, ExpressibleByArgument, CaseIterable {
        case resource
        case user
    }

    private static let userColumns = [
        Column("user"), Column("state"), Column("groups"), Column("live"), Column("resources", "MCP SERVERS"),
        Column("clients"), Column("idle"), Column("oldest_created_at", "OLDEST", .time),
        Column("last_expires_at", "LAST EXPIRES", .time),
    ]

    private static let resourceColumns = [
        Column("owner"), Column("resource", .link), Column("access"), Column("live"), Column("people", "USERS"),
        Column("clients"),
        Column("idle"), Column("never_used"), Column("oldest_created_at", "OLDEST", .time),
        Column("last_expires_at", "LAST EXPIRES", .time),
    ]

    func validate() throws {
        guard owner == nil || by == .resource else {
            throw ValidationError("--owner and --by user cannot be combined.")
        }
    }

    func request(_ configuration: ServerConfiguration) -> AdministrationRequest {
        .report(ReportRequest(owner: owner, idleFor: idleFor?.seconds ?? 7 * 86_400, isByUser: by == .user))
    }
}
