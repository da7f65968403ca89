import AuthorizationServer
import HTTPTypes
package import HummingbirdTesting
package import JOSE
import NIOCore
package import OAuth
package import Storage
import TestSupport

/// The tokens and scope of a token response.
package struct Tokens: Sendable {
    package let access: String
    package let refresh: String?
    package let scope: String
}

/// An authorization code with its PKCE verifier.
package struct Redeemable: Sendable {
    package let code: String
    package let verifier: String
    /// The URL that the browser was redirected to.
    package let location: String

    /// Makes a code with its verifier.
    package init(code: String, verifier: String, location: String = "") {
        self.code = code
        self.verifier = verifier
        self.location = location
    }
}

extension Harness {
    /// An authorization request of the registered client. In `changes`, nil removes a parameter and a value replaces or adds one.
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

    /// Submits the sign-in page; the response redirects to the consent page.
    package func signIn(
        _ browser: TestBrowser, at page: TestResponse, as name: String = "ada", password: String = Harness.password
    ) async throws -> TestResponse {
        try await browser.post(
            "/login",
            [("interaction", page.input("interaction") ?? ""), ("username", name), ("password", password)])
    }

    /// Opens an authorization request and follows it to its consent page; signs in if necessary.
    package func consentPage(_ browser: TestBrowser, _ request: [(String, String)]) async throws -> TestResponse {
        var answer = try await authorize(browser, request)
        if answer.input("interaction") != nil { answer = try await signIn(browser, at: answer) }
        guard answer.status == .seeOther, let location = answer.headers[.location] else { return answer }
        return try await browser.get(String(location.dropFirst(gatehouse.settings.issuer.origin.count)))
    }

    /// Submits the consent page; `("replace", "yes")` selects every earlier session that it offers.
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

    /// Runs the flow up to the authorization code.
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

    /// Posts a form, without a browser.
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

    /// Sends a refresh request.
    package func refresh(_ token: String?, _ changes: [String: String?] = [:]) async throws -> TestResponse {
        var form: [String: String] = [
            "grant_type": "refresh_token", "client_id": registered.id.string, "refresh_token": token ?? "",
        ]
        for (name, value) in changes { form[name] = value }
        return try await send("/token", form.map { ($0.key, $0.value) })
    }

    /// Runs the flow up to the tokens.
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

    /// The number of browser logins of the first user.
    package func browserLogins() async throws -> Int {
        try await gatehouse.store.read { [id = user.id] in try $0.logins.count(of: id) }
    }

    /// The stored password credential of an account.
    package func password(of user: UserID? = nil) async throws -> Credential? {
        try await gatehouse.store.read { [id = user ?? self.user.id] in try $0.credentials.find(.password, of: id) }
    }

    /// Registers another client; one with a secret authenticates by `client_secret_post`.
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

    /// Introspects a token as the first MCP server.
    package func introspect(_ token: String, secret: String? = nil) async throws -> JSONObject {
        let answer = try await send(
            "/introspect", [("token", token)], basic: (resource.id.string, secret ?? resourceSecret.reveal()))
        return answer.json
    }

    /// The Authorization header of HTTP Basic.
    package static func basic(_ name: String, _ secret: String) -> String {
        "Basic " + Base64.encode("\(name):\(secret)".utf8)
    }
}

extension TestResponse {
    /// The body as a JSON object; empty if it is not one.
    package var json: JSONObject {
        (try? JSON.parse(Array(body.readableBytesView)))?.object ?? [:]
    }

    /// The `error` member of the body.
    package var error: String? { json["error"]?.string }

    /// The tokens in the body.
    package var tokens: Tokens {
        Tokens(
            access: json["access_token"]?.string ?? "", refresh: json["refresh_token"]?.string,
            scope: json["scope"]?.string ?? "")
    }
}
