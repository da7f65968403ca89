import ArgumentParser
import AuthorizationServer

/// `gatehouse keys`: the keys that sign and seal.
struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "List, rotate, replace and protect the keys that sign and seal.",
        subcommands: [List.self, Rotate.self, KeyProtectCommand.self, KeyRecoverCommand.self])

    static let columns = [
        Column("id"), Column("purpose"), Column("kind"), Column("state"), Column("active_from", .time),
        Column("retires_at", .time),
    ]

    struct List: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the keys without their contents.")
        @OptionGroup var global: GlobalOptions
        var columns: [Column] { Keys.columns }

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .keys(.list) }
    }

    struct Rotate: ActingCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate",
            abstract: "Create a new key; a signing key is published at once and used after 75 minutes.",
            discussion: """
                With --now, every key of the purpose ends at once; use this for a leaked key. The command prints the \
                consequences and asks for confirmation; if it does not run on a terminal, use --yes. The consequences by purpose:

                tokens: every access token is rejected; sessions continue.
                events: waiting events are signed again.
                assertions: identity providers that were added with --jwks-key need the new public key.
                refresh: every session is revoked.
                code, form: open authorization codes and pages become invalid.
                sealing: sealed values are sealed with a new key; then the old keys are erased.
                """)
        @Argument(help: "Purpose, as printed by 'keys list'; tokens if omitted.")
        var purpose: String?
        @Flag(help: "End the old keys at once; requires the purpose.") var now = false
        @Flag(help: "With --now: do not ask for confirmation.") var yes = false
        @OptionGroup var act: ActOptions
        @OptionGroup var global: GlobalOptions
        var columns: [Column] { Keys.columns }

        func validate() throws {
            guard !now || purpose != nil else {
                throw ValidationError("--now requires the purpose of the keys, as printed by 'keys list'.")
            }
            guard now || !yes else { throw ValidationError("--yes requires --now.") }
        }

        func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
            guard now, let purpose else { return .keys(.rotate(purpose: purpose)) }
            if !yes { try await confirm(purpose, configuration) }
            return .keys(.replace(purpose: purpose, reason: act.reason))
        }

        private func confirm(_ purpose: String, _ configuration: ServerConfiguration) async throws {
            let impact = try await AdministrationRoute(configuration).send(.keys(.weigh(purpose: purpose))).note ?? ""
            try Confirmation(
                lines: [impact], question: "End the \(purpose) keys now?",
                purpose: "end the \(purpose) keys", declined: "Nothing was changed."
            ).obtain()
        }
    }
}
