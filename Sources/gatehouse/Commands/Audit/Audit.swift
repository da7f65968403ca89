import ArgumentParser
import AuthorizationServer
import Foundation
import JOSE
import OAuth
import Storage

/// `gatehouse audit`: the hash-chained audit trail.
struct Audit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Show, verify, export and erase records of the audit trail.",
        subcommands: [Tail.self, Export.self, Verify.self, Erase.self, AcceptRestore.self])

    struct Tail: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "tail", abstract: "Show the latest matching records.",
            discussion: """
                INITIATOR is what caused the action: a human, a model (the client program of a user), a client (a program on \
                its own), a server (an MCP server on its own) or the system. '(rep)' marks an action that an MCP server reported and Gatehouse did not witness.

                With --follow or --cursor, the command prints JSON lines as 'audit export' writes them, each with its hash. It \
                prints every record at least once, even if the command or the server is killed meanwhile.
                """)
        @Option(name: [.short, .long], help: "Number of records, 1 to 10000.") var count = 20
        @Flag(help: "Print records as they are written, until the command is stopped.") var follow = false
        @Option(
            help: ArgumentHelp(
                "Print the records behind this cursor: a file in which the command stores how far it came, or CHAIN:SEQUENCE:HASH.",
                valueName: "file|id"))
        var cursor: String?
        @OptionGroup var filters: AuditFilters
        @OptionGroup var global: GlobalOptions
        /// Initiator and actor come first. A column that a filter makes the same in every row is left out.
        var columns: [Column] {
            [
                Column("sequence", "#"), Column("at", .time), Column("initiator", .id), Column("actor"),
                Column("action", .id),
                Column("outcome"), Column("reason", .aside),
            ]
                + (filters.user == nil && filters.session == nil ? [Column("user")] : [])
                + (filters.client == nil && filters.session == nil ? [Column("client_id", "CLIENT", .id)] : [])
                + (filters.session == nil ? [Column("session", .id)] : [])
        }

        /// Replaces the actor's ID by its kind, which the other columns identify, and marks reported records. The mark is short so
        /// that a record fits into a line of 80 columns.
        func displayed(_ row: JSONObject) -> JSONObject {
            var displayed = row
            displayed["actor"] = row["actor"]?.string.map { .string(Self.kind(ofActor: $0)) }
            if row["reason"] == .null, let changes = row["changes"]?.array, !changes.isEmpty {
                displayed["reason"] = .string(changes.map { Self.words(of: $0) }.joined(separator: "; "))
            }
            if row["evidence"]?.string?.hasPrefix("reported") == true, let initiator = row["initiator"]?.string {
                displayed["initiator"] = .string(initiator + " (rep)")
            }
            return displayed
        }

        /// A change in words, such as `owner: Ops -> Platform`.
        private static func words(of change: JSON) -> String {
            let (from, to) = (change.object?["from"]?.string, change.object?["to"]?.string)
            return (change.object?["field"]?.string ?? "") + ": "
                + [from, to ?? "-"].compactMap(\.self).joined(separator: " -> ")
        }

        private static func kind(ofActor actor: String) -> String {
            if actor == "system" || actor.hasPrefix("admin ") { return actor }
            if UserID(actor) != nil { return "user" }
            return ResourceID(actor) == nil ? "client" : "server"
        }

        func run() async throws {
            guard follow || cursor != nil else { return try await answer() }
            let configuration = try ServerConfiguration.load(file: global.config)
            try await AuditFollower(
                route: AdministrationRoute(configuration), selection: filters.selection, place: CursorPlace(cursor),
                count: count, isEndless: follow
            ).run()
        }

        func validate() throws {
            guard (1...10_000).contains(count) else { throw ValidationError("--count must be between 1 and 10000.") }
            guard let cursor, AuditCursor(cursor) == nil else { return }
            guard !cursor.isEmpty, cursor.contains("/") || cursor.split(separator: ":").count < 3 else {
                throw ValidationError("--cursor takes a file or CHAIN:SEQUENCE:HASH.")
            }
        }

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest {
            .audit(.tail(filters.selection, count: count))
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify",
            abstract: "Verify every audit chain and its checkpoints, in the database or in exported files.")
        @Argument(
            help: "Files written by 'audit export' or 'audit tail', the oldest first; the database if omitted.")
        var files: [String] = []
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            if files.isEmpty { try await verifyDatabase() } else { try verifyFiles() }
        }

        // Two functions, because the Swift 6.3.1 compiler crashes on a single one when it optimises.
        private func verifyDatabase() async throws {
            let configuration = try ServerConfiguration.load(file: global.config)
            presentation.show(try await AdministrationRoute(configuration).send(.audit(.verify)))
        }

        private func verifyFiles() throws {
            var links = AuditFileLinks()
            var earlier: String?
            for path in files {
                let (answer, spans) = try ExportedAudit(path: path).verification()
                presentation.show(answer)
                let gaps = links.add(spans)
                if let gap = gaps.first, let earlier {
                    throw CommandError(
                        "\(path) does not continue \(earlier): \(gap). Give every export, the oldest first.")
                }
                if !spans.isEmpty { earlier = path }
            }
        }

        private var presentation: Presentation { global.presentation() }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export", abstract: "Export the audit trail as JSON Lines into a new file.")
        @Argument(help: "File to write; it must not exist.") var file: String
        @OptionGroup var filters: AuditFilters
        @Option(
            help: ArgumentHelp(
                "Then delete the records up to the last checkpoint before this time: 365d (ago), 2026-01-31 or RFC 3339.",
                discussion: """
                    Deletes only records that are in the file, after the file is on the disk and verified. On a terminal the \
                    command asks for confirmation. It deletes records of the last 30 days only with --yes.
                    """,
                valueName: "time"))
        var dropBefore: TimeArgument?
        @Flag(help: "Like --drop-before with the age that 'retention.audit' sets.") var dropExpired = false
        @Flag(help: "With --drop-before: do not ask, and also delete records of the last 30 days.") var yes = false
        @OptionGroup var act: ActOptions
        @OptionGroup var global: GlobalOptions

        func validate() throws {
            try ExclusiveOptions([("--drop-before", dropBefore != nil), ("--drop-expired", dropExpired)]).requireOne()
            if dropBefore != nil || dropExpired, let filter = filters.first {
                throw ValidationError(
                    "\(dropExpired ? "--drop-expired" : "--drop-before") and \(filter) cannot be combined: only a complete export can be dropped."
                )
            }
            guard !yes || dropBefore != nil || dropExpired else {
                throw ValidationError("--yes requires --drop-before or --drop-expired.")
            }
        }

        /// Seconds for which records are safe from a mistyped time: `1m`, or a year in the future, would delete all of them.
        private static let protectedAge: Int64 = 30 * 86_400

        func run() async throws {
            let configuration = try ServerConfiguration.load(file: global.config)
            let dropsBefore = try dropTime(configuration)
            if let dropsBefore, !yes, dropsBefore > WallClock.system.now() - Self.protectedAge {
                throw UsageError(
                    "--drop-before would delete records of the last 30 days. Give an earlier time or use --yes. Nothing was "
                        + "exported or deleted.")
            }
            let file = try OutputFile(path: file)
            let route = AdministrationRoute(configuration, reason: act.reason)
            let bytes = try await route.file(.audit(.export(filters.selection)), into: file)
            var answer: JSONObject = ["file": .string(file.path), "bytes": .integer(bytes)]
            var note: String?
            do {
                _ = try await route.send(.audit(.verify))
                if let dropsBefore {
                    let dropped = try await drop(dropsBefore, in: file.path, route)
                    answer["dropped"] = .integer(dropped ?? 0)
                    if dropped == nil { note = "No checkpoint is that old. Nothing was deleted." }
                }
            } catch let error as AdministrationError {
                // The file stays: it is the evidence for finding out what happened.
                global.presentation().show(.one(answer))
                throw CommandError("\(error.description) The export in \(file.path) contains the trail as it is.")
            }
            global.presentation().show(.one(answer, note: note))
        }

        /// The time up to which records are to be deleted; nil for an export that deletes none.
        private func dropTime(_ configuration: ServerConfiguration) throws -> Timestamp? {
            guard dropExpired else { return dropBefore?.time }
            guard let age = configuration.retentionAudit else {
                throw CommandError("'retention.audit' is not set. Set it, or use --drop-before. Nothing was exported.")
            }
            return WallClock.system.now() - age
        }

        /// Deletes the exported records up to the last checkpoint before a time and returns their number; nil if no checkpoint is
        /// that old.
        private func drop(_ time: Timestamp, in path: String, _ route: AdministrationRoute) async throws -> Int64? {
            let export = ExportedAudit(path: path)
            _ = try export.verify()
            let (marks, records) = try export.marks(until: time)
            guard !marks.isEmpty else { return nil }
            try confirm(records, before: time, in: path)
            return try await route.send(.audit(.drop(marks))).rows.first?["dropped"]?.integer
        }

        private func confirm(_ records: Int64, before time: Timestamp, in path: String) throws {
            guard !yes, Terminal.isInteractive else { return }
            try Confirmation(
                lines: ["The export \(path) was written and verified."],
                question: "Delete its \(records) audit records up to the last checkpoint before \(time.rfc3339)?",
                purpose: "delete them", declined: "Nothing was deleted. The export is in \(path)."
            ).obtain()
        }
    }

    struct AcceptRestore: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "accept-restore",
            abstract: "Accept a restored backup, whose audit trail is older than the checkpoints in the keys folder.",
            discussion:
                "The audit trail records two hashes: the one in the keys folder and the last one in the database.")
        @Option(help: "Reason, for the audit trail.") var reason: String
        @OptionGroup var global: GlobalOptions
        var columns: [Column] { [Column("chain"), Column("accepted")] }

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest {
            .audit(.acceptRestore(reason: reason))
        }
    }

    struct Erase: ActingCommand {
        static let configuration = CommandConfiguration(
            commandName: "erase",
            abstract: "Erase a user's personal data, or a name that an admin claimed; the chain stays valid.")
        @Option(help: "User (name or subject).") var user: String?
        @Option(help: "Name that an admin claimed (SUDO_USER).") var claimed: String?
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup var act: ActOptions
        @OptionGroup var global: GlobalOptions

        func validate() throws {
            let ways = ExclusiveOptions([("--user", user != nil), ("--claimed", claimed != nil)])
            guard !ways.isEmpty else { throw ValidationError("Missing --user or --claimed.") }
            try ways.requireOne()
        }

        func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
            let erasure: AuditErasureRequest
            if let user { erasure = .user(user) } else { erasure = .claimed(claimed ?? "") }
            guard !confirmation.yes else { return .audit(.erase(erasure)) }
            if let user {
                // An unknown name fails before the confirmation.
                var selection = AuditSelection()
                selection.user = user
                _ = try await AdministrationRoute(configuration).send(.audit(.tail(selection, count: 1)))
            }
            try Confirmation(
                question: "Erase permanently?", purpose: "erase permanently", declined: "Nothing was erased."
            ).obtain()
            return .audit(.erase(erasure))
        }
    }
}

/// The options that select audit records.
struct AuditFilters: ParsableArguments {
    @Option(help: "Only records about or by this user (name or subject).") var user: String?
    @Option(help: "Only records about this client (ID).") var client: String?
    @Option(help: "Only records about this MCP server (ID or URI).") var resource: String?
    @Option(help: "Only records of this session (ID).") var session: String?
    @Option(help: "Only this action, such as session.ended, or all actions of a noun, such as session.")
    var action: String?
    @Option(help: "Only records from this time on: 7d (ago), 2026-01-31 or RFC 3339.") var since: TimeArgument?
    @Option(help: "Only records before this time.") var until: TimeArgument?
    @Option(help: "Only records with this evidence.") var evidence: EvidenceArgument?
    @Option(help: "Only records with this initiator.") var initiator: InitiatorArgument?

    /// The first filter that is given, by its name.
    var first: String? {
        let all: [(String, Bool)] = [
            ("--user", user != nil), ("--client", client != nil), ("--resource", resource != nil),
            ("--session", session != nil), ("--action", action != nil), ("--since", since != nil),
            ("--until", until != nil), ("--evidence", evidence != nil), ("--initiator", initiator != nil),
        ]
        return all.first { $0.1 }?.0
    }

    var selection: AuditSelection {
        var selection = AuditSelection()
        (selection.user, selection.client, selection.resource) = (user, client, resource)
        (selection.session, selection.action) = (session, action)
        (selection.since, selection.until) = (since?.time.seconds, until?.time.seconds)
        (selection.evidence, selection.initiator) = (evidence?.rawValue, initiator?.rawValue)
        return selection
    }
}

/// Whether Gatehouse witnessed an action, or an MCP server reported it.
enum EvidenceArgument: String, ExpressibleByArgument, CaseIterable {
    case witnessed, reported
}

/// What caused an action.
enum InitiatorArgument: String, ExpressibleByArgument, CaseIterable {
    case human, model, client, server, system
}

/// A point in time as an argument: a duration before now, a day in UTC, or an RFC 3339 time.
struct TimeArgument: ExpressibleByArgument {
    let time: Timestamp

    init?(argument: String) {
        if let ago = DurationValue(argument) {
            time = WallClock.system.now() - ago.seconds
        } else if let time = Timestamp(rfc3339: argument) ?? Timestamp(rfc3339: argument + "T00:00:00Z") {
            self.time = time
        } else {
            return nil
        }
    }
}
