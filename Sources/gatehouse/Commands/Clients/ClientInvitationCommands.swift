import ArgumentParser
import AuthorizationServer

/// `gatehouse clients invite`: makes an initial access token.
struct ClientInviteCommand: AdministrationCommand {
    static let configuration = CommandConfiguration(
        commandName: "invite", abstract: "Make a token with which a client registers itself; prints it once.",
        discussion: """
            Where clients.registration is 'token', registration requires such a token (RFC 7591 §3). With it a client may \
            register every https redirect, and one with a private-use scheme that 'clients redirects list' names.
            """)
    @Option(help: "Number of registrations that the token allows.") var uses = 1
    @Option(help: "Time after which the token expires, such as 30m, 24h or 7d.") var expires = "24h"
    @Option(help: "Reason, for the audit trail.") var reason: String?
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard uses > 0 else { throw ValidationError("--uses must be at least 1.") }
        _ = try lifetime()
    }

    func request(_ configuration: ServerConfiguration) throws -> AdministrationRequest {
        .clients(.invitations(.create(uses: uses, lifetime: try lifetime(), reason: reason)))
    }

    private func lifetime() throws -> Int64 {
        guard let seconds = Lifetime.seconds(expires) else {
            throw ValidationError("Write --expires as a number with a unit: 30m, 24h or 7d.")
        }
        return seconds
    }
}

/// `gatehouse clients invitations`: the initial access tokens that have not expired.
struct ClientInvitationsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invitations", abstract: "List and revoke the tokens that 'clients invite' made.",
        subcommands: [List.self, Revoke.self])

    struct List: ListCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the tokens for registration that have not expired.")
        @OptionGroup var page: PageOptions
        @OptionGroup var global: GlobalOptions
        var columns: [Column] {
            [
                Column("id", .id), Column("state"), Column("uses"), Column("uses_left"), Column("created_by"),
                Column("created_at", .time), Column("expires_at", .time), Column("last_used_at", .time),
            ]
        }

        func request(_ page: PageRequest) -> AdministrationRequest { .clients(.invitations(.list(page))) }
    }

    struct Revoke: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke", abstract: "Revoke a token for registration; registered clients stay registered.")
        @Argument(help: "ID, as printed by 'clients invitations list'.") var id: String
        @Option(help: "Reason, for the audit trail.") var reason: String?
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest {
            .clients(.invitations(.revoke(id, reason: reason)))
        }
    }
}
