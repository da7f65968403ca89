import ArgumentParser
import AuthorizationServer

/// Keys that sign and seal.
struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Keys that sign and seal.", subcommands: [List.self, Rotate.self])

    static let columns = [
        Column("id"), Column("purpose"), Column("kind"), Column("state"), Column("active_from", .time),
        Column("retires_at", .time),
    ]

    struct List: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the keys, never what is in them.")
        @OptionGroup var global: GlobalOptions
        var columns: [Column] { Keys.columns }

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .keys(.list) }
    }

    struct Rotate: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate",
            abstract: "Make new keys; a signing key is published at once and used 75 minutes later.",
            discussion: """
                With --now every key of that purpose is out of use at once, as is right for one that leaked. You are told what \
                that costs, and asked; without a terminal to ask on, say --yes. tokens: every access token is refused, sessions go \
                on. events: waiting events are signed anew. refresh: every session ends. code, form: open codes and pages are \
                void. sealing: everything sealed is sealed anew, and then the old keys are erased.
                """)
        @Argument(help: "The purpose, as 'keys list' names it; without one, the key that signs tokens.")
        var purpose: String?
        @Flag(help: "Put the old keys out of use at once; say the purpose.") var now = false
        @Option(help: "With --now: why, for the audit record.") var reason: String?
        @Flag(help: "With --now: do not ask.") var yes = false
        @OptionGroup var global: GlobalOptions
        var columns: [Column] { Keys.columns }

        func validate() throws {
            guard !now || purpose != nil else {
                throw ValidationError("Say the purpose of the keys to put out of use, as 'keys list' names it.")
            }
            guard now || reason == nil && !yes else { throw ValidationError("--reason and --yes go with --now.") }
        }

        func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
            guard now, let purpose else { return .keys(.rotate(purpose: purpose)) }
            if !yes { try await confirm(purpose, configuration) }
            return .keys(.replace(purpose: purpose, reason: reason))
        }

        private func confirm(_ purpose: String, _ configuration: ServerConfiguration) async throws {
            let cost = try await AdministrationRoute(configuration).send(.keys(.weigh(purpose: purpose))).note ?? ""
            try Confirmation(
                lines: [cost], question: "Put the \(purpose) keys out of use now?",
                purpose: "put the \(purpose) keys out of use, whatever that costs", declined: "Nothing was changed."
            ).obtain()
        }
    }
}
