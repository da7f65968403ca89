import ArgumentParser
import AuthorizationServer
import Foundation
import JOSE

/// `gatehouse users import`: invites the users of a CSV file.
struct UserImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Invite the users of a CSV file.",
        discussion: """
            The first line names the columns: 'name', and optionally 'email' and 'identity_provider'. The file is checked as a \
            whole before the first user is invited. A user who exists already is skipped.
            """)
    @Argument(help: "CSV file.") var file: String
    @Option(help: "Group to add each new user to (repeatable).") var group: [String] = []
    @OptionGroup var link: LinkOptions
    @OptionGroup var act: ActOptions
    @OptionGroup var global: GlobalOptions

    private static let columns = [
        Column("name"), Column("state"), Column("email"), Column("link", .id), Column("problem", .aside),
    ]

    func run() async throws {
        let configuration = try ServerConfiguration.load(file: global.config)
        let users = try UserFile(contentsOf: file).users
        try await checkProviders(of: users, configuration)
        let delivery = link.delivery(configuration)
        var rows: [JSONObject] = []
        var failure: (any Error)?
        for user in users {
            do {
                rows.append(try await invite(user, configuration, delivery))
            } catch {
                // The links of earlier lines exist already and must still be printed.
                failure = error
                break
            }
        }
        if failure == nil || !rows.isEmpty {
            global.presentation(Self.columns).show(.many(rows, note: Self.note(rows)))
        }
        if let failure { throw failure }
        let skipped = rows.count { $0["state"] == "skipped" }
        guard skipped == 0 else {
            throw CommandError("\(skipped) of \(rows.count) users were skipped. Their rows tell why.")
        }
    }

    private func invite(
        _ user: UserFile.User, _ configuration: ServerConfiguration, _ delivery: LinkDelivery
    ) async throws -> JSONObject {
        var row: JSONObject = [
            "name": .string(user.name), "state": "invited", "email": user.email.map(JSON.string) ?? .null,
        ]
        do {
            let request = AdministrationRequest.users(
                .links(
                    .invite(
                        name: user.name, email: user.email, groups: group, isNew: true,
                        provider: user.identityProvider)))
            let made =
                try await AdministrationRoute(configuration, reason: act.reason).send(request).rows
                .first ?? [:]
            switch delivery.deliver(made, isInvitation: true) {
            case .mailed: row["state"] = "mailed"
            case .printed(let reason):
                row["link"] = made["link"]
                row["problem"] = reason.map(JSON.string)
            }
        } catch let error as AdministrationError where error.kind == .conflict || error.kind == .invalid {
            row["state"] = "skipped"
            row["problem"] = .string("\(error)")
        }
        return row
    }

    /// Throws for a user who would have to sign in at a provider that does not exist, or with a password where none counts, before
    /// the first user is invited.
    private func checkProviders(of users: [UserFile.User], _ configuration: ServerConfiguration) async throws {
        if !configuration.signInPassword, let user = users.first(where: { $0.identityProvider == nil }) {
            throw CommandError(
                "sign_in.password is false, so user '\(user.name)' needs an identity provider in the column "
                    + "'identity_provider'. Nothing was changed.")
        }
        guard users.contains(where: { $0.identityProvider != nil }) else { return }
        let answer = try await AdministrationRoute(configuration).send(.identityProviders(.list))
        let known = Set(answer.rows.compactMap { $0["name"]?.string })
        for user in users {
            guard let provider = user.identityProvider, !known.contains(provider) else { continue }
            throw CommandError(
                "The identity provider '\(provider)' of user '\(user.name)' does not exist. Nothing was changed.")
        }
    }

    private static func note(_ rows: [JSONObject]) -> String? {
        guard rows.contains(where: { $0["link"] != nil }) else { return nil }
        return "Each link works once and expires in 24 hours. Send each one only to its user."
    }
}
