import ArgumentParser
import AuthorizationServer
import Foundation
import JOSE
import OAuth
import Storage

/// What happened, in chains that cannot be edited unseen.
struct Audit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "What happened, in a chain that cannot be edited unseen.",
        subcommands: [Tail.self, Export.self, Verify.self, Erase.self, AcceptRestore.self])

    struct Tail: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "tail", abstract: "Show the last records that match.",
            discussion: """
                INITIATOR is what set it off: a human, a model (the client's program), a server (an MCP server by itself), or \
                the system. Where it says 'told', an MCP server reported it and Gatehouse did not see it.
                """)
        @Option(name: [.short, .long], help: "How many records.") var count = 20
        @OptionGroup var filters: AuditFilters
        @OptionGroup var global: GlobalOptions
        /// What set it off and who did it come first. What is the same in every record is not said in each.
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

        /// Who did it in a word, since the other columns say which; and what is an MCP server's word alone.
        func told(_ row: JSONObject) -> JSONObject {
            var told = row
            told["actor"] = row["actor"]?.string.map { .string(Self.word(for: $0)) }
            if row["evidence"]?.string?.hasPrefix("reported") == true, let initiator = row["initiator"]?.string {
                told["initiator"] = .string(initiator + ", told")
            }
            return told
        }

        private static func word(for actor: String) -> String {
            if actor == "system" || actor.hasPrefix("admin ") { return actor }
            if UserID(actor) != nil { return "person" }
            return ResourceID(actor) == nil ? "client" : "server"
        }

        func validate() throws {
            guard (1...10_000).contains(count) else { throw ValidationError("--count must be from 1 to 10000.") }
        }

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest {
            .audit(.tail(filters.selection, count: count))
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify",
            abstract: "Recompute every chain and check its checkpoints, in the database or in exported files.")
        @Argument(help: "Files of 'audit export', instead of the database.") var files: [String] = []
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            if files.isEmpty { try await verifyDatabase() } else { try verifyFiles() }
        }

        // Two functions, because the compiler of Swift 6.3.1 dies of this as one when it optimises.
        private func verifyDatabase() async throws {
            let configuration = try ServerConfiguration.load(file: global.config)
            presentation.show(try await AdministrationRoute(configuration).send(.audit(.verify)))
        }

        private func verifyFiles() throws {
            for path in files { presentation.show(try ExportedAudit(path: path).verify()) }
        }

        private var presentation: Presentation { Presentation(columns: [], json: global.json) }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export", abstract: "Write the records as JSON lines into a new file.")
        @Argument(help: "The file to write; it must not exist.") var file: String
        @OptionGroup var filters: AuditFilters
        @Option(
            help: ArgumentHelp(
                "Then delete the records up to the last checkpoint before this time: 365d, 2026-01-31 or RFC 3339.",
                discussion: """
                    Only what is in the file, and the file on the disk and verified, is deleted. On a terminal you are asked first. \
                    Records of the last 30 days are deleted with --yes alone.
                    """,
                valueName: "time"))
        var dropBefore: TimeArgument?
        @Flag(help: "With --drop-before: do not ask, and delete also what is younger than 30 days.") var yes = false
        @OptionGroup var global: GlobalOptions

        func validate() throws {
            if dropBefore != nil, let filter = filters.first {
                throw ValidationError(
                    "--drop-before and \(filter) exclude each other: only an export of everything is dropped.")
            }
            guard !yes || dropBefore != nil else { throw ValidationError("--yes goes with --drop-before.") }
        }

        /// How long records are kept from a slip of the keyboard: a minute, or a year in the future, would take all of them.
        private static let floor: Int64 = 30 * 86_400

        func run() async throws {
            let configuration = try ServerConfiguration.load(file: global.config)
            if let dropBefore, !yes, dropBefore.time > WallClock.system.now() - Self.floor {
                throw UsageProblem(
                    "--drop-before would delete records of the last 30 days; name an earlier time, or say --yes. Nothing was "
                        + "exported or deleted.")
            }
            let file = try BackupFile(path: file)
            let route = AdministrationRoute(configuration)
            let bytes = try await route.file(.audit(.export(filters.selection)), into: file)
            var answer: JSONObject = ["file": .string(file.path), "bytes": .integer(bytes)]
            var note: String?
            do {
                _ = try await route.send(.audit(.verify))
                if let dropBefore {
                    let dropped = try await drop(dropBefore.time, in: file.path, route)
                    answer["dropped"] = .integer(dropped ?? 0)
                    if dropped == nil { note = "No checkpoint is as old as that; nothing was dropped." }
                }
            } catch let error as AdministrationError {
                // Whoever looks for what is wrong has the file for it.
                Presentation(columns: [], json: global.json).show(.one(answer))
                throw Refusal("\(error.description) The export is in \(file.path), as the trail is.")
            }
            Presentation(columns: [], json: global.json).show(.one(answer, note: note))
        }

        /// Deletes what the file holds up to the last checkpoint before a time; nil when no checkpoint is that old.
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
                lines: ["\(path) is written and verified."],
                question: "Delete its \(records) audit records up to the last checkpoint before \(time.rfc3339)?",
                purpose: "delete them", declined: "Nothing was deleted; the export is in \(path)."
            ).obtain()
        }
    }

    struct AcceptRestore: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "accept-restore",
            abstract: "Accept a database that is older than the keys know, after a backup was restored.",
            discussion: "It becomes a record with the hash that the keys know and the one that the database ends with.")
        @Option(help: "Why, for the audit record.") var reason: String
        @OptionGroup var global: GlobalOptions
        var columns: [Column] { [Column("chain"), Column("accepted")] }

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest {
            .audit(.acceptRestore(reason: reason))
        }
    }

    struct Erase: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "erase",
            abstract: "Erase what was written about a person, or a name that an admin claimed; the chain stays valid.")
        @Option(help: "The person, by name or subject.") var user: String?
        @Option(help: "The name that an admin claimed.") var claimed: String?
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup var global: GlobalOptions

        func validate() throws {
            let ways = ExclusiveOptions([("--user", user != nil), ("--claimed", claimed != nil)])
            guard !ways.isEmpty else { throw ValidationError("Say whose with either --user or --claimed.") }
            try ways.requireOne()
        }

        func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
            let erasure: AuditErasureRequest
            if let user { erasure = .user(user) } else { erasure = .claimed(claimed ?? "") }
            guard !confirmation.yes else { return .audit(.erase(erasure)) }
            if let user {
                // A wrong name is refused before anybody is asked.
                var selection = AuditSelection()
                selection.user = user
                _ = try await AdministrationRoute(configuration).send(.audit(.tail(selection, count: 1)))
            }
            try Confirmation(question: "Erase for good?", purpose: "erase for good", declined: "Nothing was erased.")
                .obtain()
            return .audit(.erase(erasure))
        }
    }
}

/// Which audit records are meant.
struct AuditFilters: ParsableArguments {
    @Option(help: "Those about or by a person, by name or subject.") var user: String?
    @Option(help: "Those about a client, by its id.") var client: String?
    @Option(help: "Those about an MCP server, by id or URI.") var resource: String?
    @Option(help: "Those under a session, by its id.") var session: String?
    @Option(help: "An action such as session.ended, or all of a noun such as session.") var action: String?
    @Option(help: "From this time on: 7d (ago), 2026-01-31 or RFC 3339.") var since: TimeArgument?
    @Option(help: "Before this time.") var until: TimeArgument?
    @Option(help: "witnessed or reported.") var evidence: EvidenceArgument?
    @Option(help: "human, model, server or system.") var initiator: InitiatorArgument?

    /// The first of them that is said.
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

/// How Gatehouse knows of something.
enum EvidenceArgument: String, ExpressibleByArgument, CaseIterable {
    case witnessed, reported
}

/// What sets something off.
enum InitiatorArgument: String, ExpressibleByArgument, CaseIterable {
    case human, model, server, system
}

/// A moment as an argument: how long ago, a day in UTC, or a whole time.
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
