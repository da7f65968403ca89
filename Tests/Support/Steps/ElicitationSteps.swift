import AuthorizationServer
import Foundation
package import HTTPTypes
package import HummingbirdTesting
package import JOSE
import NIOCore
package import OAuth
package import Storage

/// How a test presents itself as an MCP server.
package struct AskingServer: Sendable {
    package let resource: Resource
    package let secret: ClientSecret

    /// An MCP server and the secret that it shows.
    package init(resource: Resource, secret: ClientSecret) {
        self.resource = resource
        self.secret = secret
    }
}

extension Harness {
    /// The first MCP server with its credentials.
    package var server: AskingServer { AskingServer(resource: resource, secret: resourceSecret) }

    /// The action that tests ask to approve.
    package static let action: JSONObject = [
        "name": "delete_folder", "summary": "Delete the folder Drafts",
        "details": [["label": "Folder", "value": "/ada/Drafts"]], "arguments": ["path": "/ada/Drafts", "force": true],
    ]

    /// Registers another MCP server.
    package func addServer(_ identifier: String) async throws -> AskingServer {
        let secret = ClientSecret.random()
        let resource = Resource(
            identifier: try ResourceIdentifier(identifier), name: "Other", owner: "Somebody", scopes: [],
            secretDigest: secret.digest, createdAt: clock.now)
        try await gatehouse.store.write { _ = try $0.resources.insert(resource) }
        return AskingServer(resource: resource, secret: secret)
    }

    /// Adds a person whose password is that of the first.
    package func addUser(_ name: String) async throws -> User {
        let user = User(name: name, createdAt: clock.now)
        try await gatehouse.store.write { transaction in
            _ = try transaction.users.insert(user)
            try transaction.credentials.insert(.password(Self.password, of: user))
        }
        return user
    }

    /// Calls an endpoint for MCP servers.
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

    /// Asks the person behind an access token to confirm; nil takes a member out, others replace or add one.
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

    /// Asks with an action of its own, so that nothing is found again.
    package func askAnew(_ token: String, _ name: String) async throws -> Asked {
        var action = Self.action
        action["name"] = .string(name)
        return try await Asked(ask(token, ["action": .object(action)]))
    }

    /// An elicitation in the database, as it stands there.
    package func stored(_ asked: Asked) async throws -> Elicitation? {
        guard let id = ElicitationID(asked.id) else { return nil }
        return try await gatehouse.store.read { try $0.elicitations.find(id) }
    }

    /// Presses a button of the page of an elicitation.
    package func press(
        _ browser: TestBrowser, _ asked: Asked, _ decision: String, at page: TestResponse
    ) async throws -> TestResponse {
        try await browser.post(asked.page, [("token", page.input("token") ?? ""), ("decision", decision)])
    }

    /// Opens the page of an elicitation, signing in where that is asked.
    package func open(_ browser: TestBrowser, _ asked: Asked, as name: String = "ada") async throws -> TestResponse {
        let page = try await browser.get(asked.page)
        guard page.status == .ok, page.text.contains("name=\"password\"") else { return page }
        let moved = try await signIn(browser, at: page, as: name)
        return try await browser.get(String((moved.headers[.location] ?? "").dropFirst(origin.count)))
    }

    /// The records of one action about elicitations, the latest first.
    package func records(_ action: AuditAction) async throws -> [AuditEntry] {
        try await gatehouse.store.read { try $0.audit.tail(limit: 500) }.map(\.entry).filter { $0.action == action }
    }

    private var origin: String { gatehouse.settings.issuer.origin }
}

/// What an MCP server was told when it asked.
package struct Asked: Sendable {
    package let id: String
    package let url: String
    package let status: HTTPResponse.Status

    /// Reads the answer to a request to ask.
    package init(_ answer: TestResponse) {
        id = answer.json["id"]?.string ?? ""
        url = answer.json["url"]?.string ?? ""
        status = answer.status
    }

    /// One that nobody made, to be looked for.
    package init(id: String, page: String) {
        self.id = id
        url = page
        status = .ok
    }

    /// Where its status is.
    package var path: String { "/elicitations/" + id }
    /// The page's path.
    package var page: String { url.range(of: "/e/").map { String(url[$0.lowerBound...]) } ?? "" }
}
