import AuthorizationServer
import Foundation
package import HTTPTypes
package import HummingbirdTesting
package import JOSE
import NIOCore
package import OAuth
package import Storage
import StorageSupport
import TestSupport

/// An MCP server with its credentials.
package struct AskingServer: Sendable {
    package let resource: Resource
    package let secret: ClientSecret

    /// Makes an MCP server from its row and secret.
    package init(resource: Resource, secret: ClientSecret) {
        self.resource = resource
        self.secret = secret
    }
}

extension Harness {
    /// The first MCP server with its credentials.
    package var server: AskingServer { AskingServer(resource: resource, secret: resourceSecret) }

    /// The default action to approve.
    package static let action: JSONObject = [
        "name": "delete_folder", "summary": "Delete the folder Drafts",
        "details": [["label": "Folder", "value": "/ada/Drafts"]], "arguments": ["path": "/ada/Drafts", "force": true],
    ]

    /// Registers another MCP server.
    package func addServer(_ identifier: String, scopes: [String] = []) async throws -> AskingServer {
        let secret = ClientSecret.random()
        let resource = Resource(
            identifier: try ResourceIdentifier(identifier), name: "Other", owner: "Somebody",
            scopes: try scopes.map { ResourceScope(scope: try Scope($0), description: $0) },
            secretDigest: secret.digest, createdAt: clock.now)
        try await gatehouse.store.write { _ = try $0.resources.insert(resource) }
        return AskingServer(resource: resource, secret: secret)
    }

    /// Adds a user with the first user's password.
    package func addUser(_ name: String) async throws -> User {
        let user = User(name: name, createdAt: clock.now)
        try await gatehouse.store.write { transaction in
            _ = try transaction.users.insert(user)
            try transaction.credentials.insert(.password(Self.password, of: user))
        }
        return user
    }

    /// Calls an endpoint with an MCP server's credentials.
    package func call(
        _ method: HTTPRequest.Method, _ path: String, _ body: JSONObject? = nil, as server: AskingServer? = nil,
        headers: HTTPFields = [:]
    ) async throws -> TestResponse {
        let server = server ?? self.server
        var headers = headers
        headers[.authorization] = Self.basic(server.resource.id.string, server.secret.reveal())
        if body != nil { headers[.contentType] = "application/json" }
        return try await client.execute(
            uri: path, method: method, headers: headers, body: body.map { ByteBuffer(bytes: $0.bytes) })
    }

    /// Creates a `confirm` elicitation for the user of an access token. In `changes`, nil removes a member, a value replaces or adds one.
    package func ask(
        _ token: String, _ changes: [String: JSON?] = [:], as server: AskingServer? = nil
    ) async throws -> TestResponse {
        var body: JSONObject = [
            "subject_token": .string(token), "kind": "confirm", "message": "Approve this to go on.",
            "action": .object(Self.action),
        ]
        for (name, value) in changes { body[name] = value }
        return try await call(.post, "/elicitations", body, as: server)
    }

    /// Creates an elicitation with a unique action, so that no earlier one is returned.
    package func askAnew(_ token: String, _ name: String) async throws -> Asked {
        var action = Self.action
        action["name"] = .string(name)
        return try await Asked(ask(token, ["action": .object(action)]))
    }

    /// The elicitation as the database holds it now.
    package func stored(_ asked: Asked) async throws -> Elicitation? {
        guard let id = ElicitationID(asked.id) else { return nil }
        return try await gatehouse.store.read { try $0.elicitations.find(id) }
    }

    /// Submits a decision on the elicitation page.
    package func press(
        _ browser: TestBrowser, _ asked: Asked, _ decision: String, at page: TestResponse
    ) async throws -> TestResponse {
        try await browser.post(asked.page, [("token", page.input("token") ?? ""), ("decision", decision)])
    }

    /// Opens the elicitation page; signs in if necessary.
    package func open(_ browser: TestBrowser, _ asked: Asked, as name: String = "ada") async throws -> TestResponse {
        let page = try await browser.get(asked.page)
        guard page.status == .ok, page.text.contains("name=\"password\"") else { return page }
        let moved = try await signIn(browser, at: page, as: name)
        return try await browser.get(String((moved.headers[.location] ?? "").dropFirst(origin.count)))
    }

    /// The audit entries of one action, the latest first.
    package func records(_ action: AuditAction) async throws -> [AuditEntry] {
        try await gatehouse.store.read { try $0.audit.tail(limit: 500) }.map(\.entry).filter { $0.action == action }
    }

    private var origin: String { gatehouse.settings.issuer.origin }
}

/// The response to the creation of an elicitation.
package struct Asked: Sendable {
    package let id: String
    package let url: String
    package let status: HTTPResponse.Status

    /// Parses a response.
    package init(_ answer: TestResponse) {
        id = answer.json["id"]?.string ?? ""
        url = answer.json["url"]?.string ?? ""
        status = answer.status
    }

    /// Makes a value for an elicitation that does not exist.
    package init(id: String, page: String) {
        self.id = id
        url = page
        status = .ok
    }

    /// The path of its status.
    package var path: String { "/elicitations/" + id }
    /// The path of its page.
    package var page: String { url.range(of: "/e/").map { String(url[$0.lowerBound...]) } ?? "" }
}
