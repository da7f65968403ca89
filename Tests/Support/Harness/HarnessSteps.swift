import AuthorizationServer
import HTTPTypes
package import HummingbirdTesting
package import JOSE
import NIOCore
package import OAuth
package import Storage

/// The tokens of a session, and what they were got with.
package struct Tokens: Sendable {
    package let access: String
    package let refresh: String?
    package let scope: String
}

/// A code on its way to the token endpoint.
package struct Redeemable: Sendable {
    package let code: String
    package let verifier: String
    /// The whole address the browser was led to.
    package let location: String

    /// A code with the verifier that it is to be redeemed with.
    package init(code: String, verifier: String, location: String = "") {
        self.code = code
        self.verifier = verifier
        self.location = location
    }
}

extension Harness {
    /// An authorization request of the registered client; nil takes a parameter out, others replace or add one.
    package func request(_ changes: [String: String?] = [:], verifier: CodeVerifier = .random()) -> [(String, String)] {
        var parameters: [String: String] = [
            "response_type": "code", "client_id": registered.id.string, "redirect_uri": Self.redirect,
            "code_challenge": CodeChallenge(for: verifier).string, "code_challenge_method": "S256", "state": "xyz",
            "resource": resource.identifier.string, "scope": "files:read",
        ]
        for (name, value) in changes { parameters[name] = value }
        return parameters.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Opens `/authorize` with a request.
    package func authorize(_ browser: TestBrowser, _ request: [(String, String)]) async throws -> TestResponse {
        try await browser.get("/authorize?" + FormText.encode(request))
    }

    /// Fills in the sign-in page; the answer leads to the consent page.
    package func signIn(
        _ browser: TestBrowser, at page: TestResponse, as name: String = "ada", password: String = Harness.password
    ) async throws -> TestResponse {
        try await browser.post(
            "/login",
            [("interaction", page.input("interaction") ?? ""), ("username", name), ("password", password)])
    }

    /// Goes from an authorization request to its consent page, signing in where that is asked.
    package func consentPage(_ browser: TestBrowser, _ request: [(String, String)]) async throws -> TestResponse {
        var answer = try await authorize(browser, request)
        if answer.input("interaction") != nil { answer = try await signIn(browser, at: answer) }
        guard answer.status == .seeOther, let location = answer.headers[.location] else { return answer }
        return try await browser.get(String(location.dropFirst(gatehouse.settings.issuer.origin.count)))
    }

    /// Presses a button of the consent page; `("replace", "yes")` ticks every earlier session that it offers.
    package func decide(
        _ browser: TestBrowser, at page: TestResponse, _ decision: String = "approve",
        scopes: [String] = ["files:read"],
        lifetime: String = "12h", more: [(String, String)] = []
    ) async throws -> TestResponse {
        try await browser.post(
            "/consent",
            [("token", page.input("token") ?? ""), ("decision", decision), ("lifetime", lifetime)]
                + scopes.map { ("scope", $0) }
                + more.flatMap { field in
                    field == ("replace", "yes") ? page.inputs("replace").map { ("replace", $0) } : [field]
                })
    }

    /// Walks to a code.
    package func code(
        _ browser: TestBrowser? = nil, _ changes: [String: String?] = [:], scopes: [String] = ["files:read"],
        lifetime: String = "12h", more: [(String, String)] = []
    ) async throws -> Redeemable {
        let browser = browser ?? self.browser()
        let verifier = CodeVerifier.random()
        let page = try await consentPage(browser, request(changes, verifier: verifier))
        let answer = try await decide(browser, at: page, scopes: scopes, lifetime: lifetime, more: more)
        let location = answer.continuation ?? ""
        return Redeemable(
            code: FormText.decode(queryOf: location)["code"]?.first ?? "", verifier: verifier.reveal(),
            location: location)
    }

    /// Sends a form to an endpoint for programs.
    package func send(
        _ path: String, _ form: [(String, String)], basic: (String, String)? = nil
    ) async throws -> TestResponse {
        var headers: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
        if let basic { headers[.authorization] = Self.basic(basic.0, basic.1) }
        return try await client.execute(
            uri: path, method: .post, headers: headers, body: ByteBuffer(string: FormText.encode(form)))
    }

    /// Redeems a code.
    package func redeem(_ grant: Redeemable, _ changes: [String: String?] = [:]) async throws -> TestResponse {
        var form: [String: String] = [
            "grant_type": "authorization_code", "client_id": registered.id.string, "code": grant.code,
            "code_verifier": grant.verifier, "redirect_uri": Self.redirect,
        ]
        for (name, value) in changes { form[name] = value }
        return try await send("/token", form.map { ($0.key, $0.value) })
    }

    /// Uses a refresh token.
    package func refresh(_ token: String?, _ changes: [String: String?] = [:]) async throws -> TestResponse {
        var form: [String: String] = [
            "grant_type": "refresh_token", "client_id": registered.id.string, "refresh_token": token ?? "",
        ]
        for (name, value) in changes { form[name] = value }
        return try await send("/token", form.map { ($0.key, $0.value) })
    }

    /// Walks the whole way to tokens.
    package func tokens(
        _ browser: TestBrowser? = nil, scopes: [String] = ["files:read"], lifetime: String = "12h",
        asking: String = "files:read", more: [(String, String)] = []
    ) async throws -> Tokens {
        let grant = try await code(browser, ["scope": asking], scopes: scopes, lifetime: lifetime, more: more)
        return try await redeem(grant).tokens
    }

    /// Every session in the database, oldest first.
    package func sessions() async throws -> [Session] {
        try await gatehouse.store.read { [now = clock.now] in try $0.sessions.list(limit: 1000, now: now) }.reversed()
    }

    /// How many browser logins the database holds for the first user.
    package func browserLogins() async throws -> Int {
        try await gatehouse.store.read { [id = user.id] in try $0.logins.count(of: id) }
    }

    /// The password of an account as it is stored now.
    package func password(of user: UserID? = nil) async throws -> Credential? {
        try await gatehouse.store.read { [id = user ?? self.user.id] in try $0.credentials.find(.password, of: id) }
    }

    /// Registers another client; with a secret it has to send that in the form.
    package func register(
        _ id: String, redirects: [String], secret: ClientSecret? = nil, resources: [ResourceID] = []
    ) async throws -> RegisteredClient {
        let client = RegisteredClient(
            id: try ClientID(id), name: id, redirectURIs: try redirects.map { try RedirectURI($0) },
            authMethod: secret == nil ? .none : .clientSecretPost, secretDigest: secret?.digest, resources: resources,
            createdAt: clock.now)
        try await gatehouse.store.write { _ = try $0.clients.insert(client) }
        return client
    }

    /// Asks, as the MCP server, about a token.
    package func introspect(_ token: String, secret: String? = nil) async throws -> JSONObject {
        let answer = try await send(
            "/introspect", [("token", token)], basic: (resource.id.string, secret ?? resourceSecret.reveal()))
        return answer.json
    }

    /// Says what scopes reach: those they include, their tools, and how fresh a sign-in they want.
    package func setReach(_ reach: [String: (implies: String, tools: [String], fresh: Int64?)]) async throws {
        let scopes = try resource.scopes.map { scope in
            var scope = scope
            let given = reach[scope.scope.string]
            scope.implies = try given.map { try ScopeSet(parsing: $0.implies) } ?? []
            scope.tools = try given?.tools.map { try ToolName($0) } ?? []
            scope.freshSeconds = given?.fresh
            return scope
        }
        try await gatehouse.store.write { [id = resource.id] in try $0.resources.setReach(scopes, of: id) }
    }

    /// The Authorization header of HTTP Basic.
    package static func basic(_ name: String, _ secret: String) -> String {
        "Basic " + Base64.encode("\(name):\(secret)".utf8)
    }
}

extension TestResponse {
    /// The body as a JSON object, empty if it is none.
    package var json: JSONObject {
        (try? JSON.parse(Array(body.readableBytesView)))?.object ?? [:]
    }

    /// The protocol's error code in the body.
    package var error: String? { json["error"]?.string }

    /// The tokens in the body.
    package var tokens: Tokens {
        Tokens(
            access: json["access_token"]?.string ?? "", refresh: json["refresh_token"]?.string,
            scope: json["scope"]?.string ?? "")
    }
}
