import ArgumentParser
import AuthorizationServer

/// `gatehouse report`: the live sessions at each MCP server, for an access review.
struct Report: AdministrationCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Count the live sessions of each owner and MCP server, idle and never used ones apart.",
        discussion: """
            A refresh or an introspection counts as a use; an MCP server that verifies tokens itself shows only refreshes. A \
            session is never used if neither has happened since its code was redeemed; it also counts as idle after the time \
            given with --idle-for.
            """)
    @Option(help: "Only MCP servers of this owner.") var owner: String?
    @Option(help: "Time without use after which a session counts as idle (default: 7d).")
    var idleFor: DurationArgument?
    @OptionGroup var global: GlobalOptions
    var columns: [Column] {
        [
            Column("owner"), Column("resource", .link), Column("live"), Column("people", "USERS"), Column("clients"),
            Column("idle"), Column("never_used"), Column("oldest_created_at", "OLDEST", .time),
            Column("last_expires_at", "LAST EXPIRES", .time),
        ]
    }

    func request(_ configuration: ServerConfiguration) -> AdministrationRequest {
        .report(ReportRequest(owner: owner, idleFor: idleFor?.seconds ?? 7 * 86_400))
    }
}
