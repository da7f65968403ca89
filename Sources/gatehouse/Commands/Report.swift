import ArgumentParser
import AuthorizationServer

/// What lives at each MCP server, for an access review.
struct Report: AdministrationCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Count live sessions by owner and MCP server: idle ones, never used ones, the oldest, the last end.",
        discussion: """
            Used is what was refreshed or introspected; an MCP server that checks tokens itself shows its uses only by \
            refreshes. Never used is what was not since its code was redeemed; it counts as idle too once it is old enough.
            """)
    @Option(help: "Only the MCP servers of this owner.") var owner: String?
    @Option(help: "Idle is what nobody used for so long; 7d unless you say.") var idleFor: DurationArgument?
    @OptionGroup var global: GlobalOptions
    var columns: [Column] {
        [
            Column("owner"), Column("resource", .link), Column("live"), Column("people"), Column("clients"),
            Column("idle"), Column("never_used"), Column("oldest_created_at", "OLDEST", .time),
            Column("last_expires_at", "LAST END", .time),
        ]
    }

    func request(_ configuration: ServerConfiguration) -> AdministrationRequest {
        .report(ReportRequest(owner: owner, idleFor: idleFor?.seconds ?? 7 * 86_400))
    }
}
