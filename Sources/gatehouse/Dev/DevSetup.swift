import AuthorizationServer
import Foundation
import JOSE
import OAuth
import Storage

/// Prepares the data of a server for trying things: a user with a new password, and the MCP server.
struct DevSetup {
    /// The user's name.
    static let user = "dev"

    let folder: DevFolder
    let configuration: ServerConfiguration

    /// Creates the database at the first start, sets the user's password, registers the MCP server if there is one, and writes its
    /// variables.
    func run(password: Secret, server: PublishedServer?, scopes: [ResourceDraft.Scope]) async throws {
        let access = DirectAccess(configuration)
        if !FileManager.default.fileExists(atPath: configuration.data + "/gatehouse.sqlite") {
            _ = try await access.create()
        }
        let opened = try access.open()
        defer { opened.close() }
        try await setPassword(password, in: opened)
        let environment =
            if let server {
                try await register(server.draft(scopes), in: opened)
            } else {
                DevEnvironment(issuer: configuration.issuer)
            }
        try environment.write(to: folder.file(".env"))
    }

    private func setPassword(_ password: Secret, in opened: DirectAccess.Opened) async throws {
        let hash = PasswordHash.make(password, cost: .standard).string
        if try await opened.store.read({ try $0.users.find(named: Self.user) }) == nil {
            _ = try await opened.run(.users(.add(name: Self.user, email: nil, passwordHash: hash)))
        } else {
            _ = try await opened.run(.users(.setPassword(name: Self.user, passwordHash: hash)))
        }
    }

    /// Registers the MCP server, or finds it registered: then its id and its secret stay, so that it need not be restarted.
    private func register(_ draft: ResourceDraft, in opened: DirectAccess.Opened) async throws -> DevEnvironment {
        let comparable = try ResourceIdentifier(draft.identifier).comparable
        var environment = DevEnvironment(issuer: configuration.issuer)
        environment.resource = draft.identifier
        guard let known = try await opened.store.read({ try $0.resources.find(comparable: comparable) }) else {
            let row = try await opened.run(.resources(.add(draft))).rows.first
            environment.clientID = row?["client_id"]?.string
            environment.clientSecret = row?["client_secret"]?.string
            // Everything that an MCP server can ask of a user may be tried.
            let kinds = ElicitationKind.allCases.map(\.rawValue)
            let change = PolicyChange(kinds: kinds)
            _ = try await opened.run(.resources(.policy(draft.identifier, change)))
            return environment
        }
        _ = try await opened.run(.resources(.addScopes(known.id.string, draft.scopes)))
        environment.clientID = known.id.string
        let before = DevEnvironment(file: folder.file(".env"))
        if before?.clientID == known.id.string, let secret = before?.clientSecret {
            environment.clientSecret = secret
        } else {
            let row = try await opened.run(.resources(.rotateSecret(known.id.string))).rows.first
            environment.clientSecret = row?["client_secret"]?.string
        }
        return environment
    }
}
