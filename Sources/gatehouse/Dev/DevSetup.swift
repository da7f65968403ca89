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
        let known = try await opened.store.read { try $0.resources.find(comparable: comparable) }
        let credentials =
            if let known {
                try await update(known.id, with: draft, in: opened)
            } else {
                try await add(draft, in: opened)
            }
        var environment = DevEnvironment(issuer: configuration.issuer)
        environment.resource = draft.identifier
        environment.clientID = credentials.id
        environment.clientSecret = credentials.secret
        return environment
    }

    /// What the MCP server authenticates with.
    private struct Credentials {
        let id: String?
        let secret: String?

        init(id: String?, secret: String?) {
            self.id = id
            self.secret = secret
        }

        /// Those that a command answers with.
        init(_ answer: AdministrationAnswer) {
            let row = answer.rows.first
            self.init(id: row?["client_id"]?.string, secret: row?["client_secret"]?.string)
        }
    }

    private func add(_ draft: ResourceDraft, in opened: DirectAccess.Opened) async throws -> Credentials {
        let credentials = try await Credentials(opened.run(.resources(.add(draft))))
        // Everything that an MCP server can ask of a user may be tried.
        let change = PolicyChange(settings: ["elicitation": ElicitationKind.allCases.map(\.rawValue)])
        _ = try await opened.run(.resources(.policy(draft.identifier, change)))
        return credentials
    }

    private func update(
        _ id: ResourceID, with draft: ResourceDraft, in opened: DirectAccess.Opened
    ) async throws -> Credentials {
        _ = try await opened.run(.resources(.addScopes(id.string, draft.scopes)))
        if let before = DevEnvironment(file: folder.file(".env")), before.clientID == id.string,
            before.clientSecret != nil
        {
            return Credentials(id: id.string, secret: before.clientSecret)
        }
        let rotated = try await Credentials(opened.run(.resources(.rotateSecret(id.string))))
        return Credentials(id: id.string, secret: rotated.secret)
    }
}
