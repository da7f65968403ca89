import ArgumentParser
import AuthorizationServer
import JOSE

/// `gatehouse sessions`: the approvals of users and everything that depends on them.
struct Sessions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions", abstract: "List, inspect and revoke sessions.",
        subcommands: [List.self, Show.self, Revoke.self])

    static let columns = [
        Column("id"), Column("user"), Column("client_name", "CLIENT"), Column("client_host", "HOST"),
        Column("resource", .link), Column("state"), Column("expires_at", .time), Column("last_used_at", .time),
        Column("address"), Column("scope"),
    ]

    /// The row as the table shows it: of a session that is over, when it ended or expired.
    static func displayed(_ row: JSONObject) -> JSONObject {
        guard let end = row["ended_at"], end != .null else { return row }
        var displayed = row
        displayed["expires_at"] = end
        return displayed
    }

    struct List: ListCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List sessions, newest first; with --idle-for, longest idle first.")
        @OptionGroup var filters: SessionFilters
        @Option(help: "Only sessions in this state; revoked sessions are 'ended'.") var state: SessionState?
        @Option(help: "Only live sessions that have been idle for this long, such as 7d.")
        var idleFor: DurationArgument?
        @OptionGroup var page: PageOptions
        @OptionGroup var global: GlobalOptions
        var columns: [Column] { Sessions.columns }
        func displayed(_ row: JSONObject) -> JSONObject { Sessions.displayed(row) }

        func validate() throws {
            guard idleFor == nil || state != .ended && state != .expired else {
                throw ValidationError(
                    "--idle-for selects live sessions and cannot be combined with --state ended or --state expired.")
            }
        }

        func request(_ page: PageRequest) -> AdministrationRequest {
            var selection = filters.selection
            selection.state = state?.rawValue
            selection.idleFor = idleFor?.seconds
            return .sessions(.list(selection, page: page))
        }
    }

    struct Show: AdministrationCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a session.")
        @Argument(help: "Session ID.") var id: String
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .sessions(.show(id)) }
    }

    struct Revoke: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke", abstract: "Revoke sessions with their tokens and authorization codes.",
            discussion: """
                Sessions given by ID are revoked without confirmation. Otherwise the command shows the matching sessions and asks \
                for confirmation; if it does not run on a terminal, use --yes. It revokes all sessions that match at that moment, \
                including sessions approved since the question was shown, and prints them.
                """)
        @Argument(help: "Session IDs.") var ids: [String] = []
        @OptionGroup var filters: SessionFilters
        @Option(help: "Only live sessions in this state: approved (no token yet) or active.") var state: SessionState?
        @Option(help: "Only live sessions that have been idle for this long, such as 30d.")
        var idleFor: DurationArgument?
        @Flag(help: "Revoke every live session.") var all = false
        @Flag(help: "Show the sessions that would be revoked, and revoke none.") var dryRun = false
        @Option(help: "Reason, for the audit trail.") var reason: String?
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup var global: GlobalOptions
        var columns: [Column] { Sessions.columns }
        func displayed(_ row: JSONObject) -> JSONObject { dryRun ? row : Sessions.displayed(row) }

        func validate() throws {
            let filter = filters.first ?? (idleFor != nil ? "--idle-for" : state != nil ? "--state" : nil)
            let ways = ExclusiveOptions([
                ("Session IDs", !ids.isEmpty), (filter ?? "", filter != nil), ("--all", all),
            ])
            guard !ways.isEmpty else {
                throw ValidationError(
                    "Missing session IDs, a filter (--user, --client, --host, --resource, --owner, --state, --idle-for) or "
                        + "--all.")
            }
            try ways.requireOne()
            guard state != .ended, state != .expired else {
                throw ValidationError("--state takes approved or active: other sessions are over.")
            }
        }

        func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
            var selection = filters.selection
            selection.ids = ids
            selection.state = state?.rawValue
            selection.idleFor = idleFor?.seconds
            if dryRun { return .sessions(.preview(selection, shown: PageRequest.most)) }
            if ids.isEmpty, !confirmation.yes { try await confirm(selection, configuration) }
            return .sessions(.revoke(selection, reason: reason))
        }

        /// Shows the matching sessions and asks. Without a terminal nobody sees how many sessions a filter matches, so that a script
        /// has to confirm with `--yes`.
        private func confirm(_ selection: SessionSelection, _ configuration: ServerConfiguration) async throws {
            // The preview comes first, so that a wrong filter is reported instead of a missing `--yes`.
            let preview = SessionPreview(
                try await AdministrationRoute(configuration).send(.sessions(.preview(selection))))
            // Nothing matches: the request itself then fails with the reason.
            guard !preview.isEmpty else { return }
            try Confirmation(
                lines: preview.lines, question: "Revoke \(preview.phrase)?",
                purpose: all ? "revoke every session" : "revoke all matching sessions",
                declined: "No session was revoked."
            ).obtain()
        }
    }
}

/// The options that select sessions.
struct SessionFilters: ParsableArguments {
    @Option(help: "Only sessions of this user (name or subject).") var user: String?
    @Option(help: "Only sessions of this client (ID).") var client: String?
    @Option(help: "Only sessions of clients on this host, or on its subdomains ('*.bad.example').")
    var host: String?
    @Option(help: "Only sessions at this MCP server (ID or URI).") var resource: String?
    @Option(help: "Only sessions at MCP servers of this owner.") var owner: String?

    var isEmpty: Bool { first == nil }
    /// The first filter that is given, by its name.
    var first: String? {
        [("--user", user), ("--client", client), ("--host", host), ("--resource", resource), ("--owner", owner)]
            .first { $0.1 != nil }?.0
    }
    var selection: SessionSelection {
        SessionSelection(user: user, client: client, host: host, resource: resource, owner: owner)
    }
}

/// The states of a session.
enum SessionState: String, ExpressibleByArgument, CaseIterable {
    case approved
    case active
    case ended
    case expired
}

/// A duration as an argument, such as `7d`.
struct DurationArgument: ExpressibleByArgument {
    let seconds: Int64

    init?(argument: String) {
        guard let value = DurationValue(argument) else { return nil }
        seconds = value.seconds
    }
}
