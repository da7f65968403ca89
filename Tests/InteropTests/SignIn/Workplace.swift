import JOSE
import TestSupport

/// Gatehouse with an OpenID provider named `corp`, a local user `ada`, and an MCP server with a client.
struct Workplace: Sendable {
    let stage: Stage
    let gatehouse: RunningGatehouse
    let provider: OpenIDProvider
    let server: String
    let client: String
    private let browsers: Conversation

    /// Where the client would listen; walks end at the redirect to it.
    static let redirect = "http://127.0.0.1:9/callback"
    static let server = "https://files.example/mcp"

    /// Plays a test.
    ///
    /// - Parameters:
    ///   - settings: more lines of Gatehouse's configuration file.
    ///   - options: more options of `identity-providers add`.
    static func play(
        _ product: OpenIDProvider.Product, settings: String = "", options: [String] = [],
        _ test: (Workplace) async throws -> Void
    ) async throws {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage, settings: settings)
            _ = try await gatehouse.object(["users", "add", "ada", "--password-stdin"], input: Scene.password + "\n")
            let provider = try await OpenIDProvider(product, on: stage, relyingParty: gatehouse.issuer)
            _ = try await gatehouse.object(
                [
                    "identity-providers", "add", "corp", "--issuer", provider.issuer, "--client-id",
                    OpenIDProvider.clientID, "--client-secret-stdin", "--scope", "profile", "--scope", "email",
                    "--scope",
                    "groups",
                ] + options, input: OpenIDProvider.clientSecret + "\n")
            _ = try await gatehouse.addResource(server, name: "Files", scopes: ["files:read=Read your files"])
            let client = try await gatehouse.addClient(redirect: redirect)
            try await test(
                Workplace(
                    stage: stage, gatehouse: gatehouse, provider: provider, server: server,
                    client: client["client_id"]?.string ?? "",
                    browsers: try Conversation("sign_in_browser.py", on: stage)))
        }
    }

    /// A browser without cookies, whose user has this account at the provider.
    func browser(_ user: String) async throws -> SignInBrowser {
        let browser = SignInBrowser(name: "browser-\(UInt32.random(in: .min ... .max))", conversation: browsers)
        try await browser.open(user, home: gatehouse.issuer)
        return browser
    }

    /// Opens the account page, and signs in at the provider if the page asks.
    func enter(_ browser: SignInBrowser) async throws -> SignInBrowser.Page {
        let page = try await browser.go(to: gatehouse.issuer + "/account")
        return page.offersProvider ? try await browser.press("provider", "corp") : page
    }

    /// The URL of an authorization request.
    func request(_ more: [(String, String)] = []) -> String {
        let parameters =
            [
                ("response_type", "code"), ("client_id", client), ("redirect_uri", Self.redirect), ("state", "st-1"),
                ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), ("code_challenge_method", "S256"),
                ("resource", server),
            ] + more
        return gatehouse.issuer + "/authorize?"
            + parameters.map { "\($0.0)=\(LoopbackHTTP.encode($0.1))" }.joined(separator: "&")
    }

    /// The names of all users, sorted.
    func users() async throws -> [String] {
        try await (gatehouse.json(["users", "list"]).array ?? []).compactMap { $0.object?["name"]?.string }.sorted()
    }

    /// The users of the sessions that these options select.
    func sessionUsers(_ options: String...) async throws -> [String] {
        try await (gatehouse.json(["sessions", "list"] + options).array ?? []).compactMap {
            $0.object?["user"]?.string
        }
    }
}

/// A browser that walks through the provider's pages by itself, and stops at those of Gatehouse.
struct SignInBrowser: Sendable {
    fileprivate let name: String
    fileprivate let conversation: Conversation

    /// A page of Gatehouse.
    struct Page: Sendable {
        let status: Int64
        let address: String
        let text: String
        /// The names of all form controls.
        let controls: [String]
        /// The form controls that the user filled in at the provider on the way to this page.
        let filled: [String]
        /// The address that the walk was not to open, where it ended; empty if it ended at the page.
        let beyond: String

        /// Whether this is a sign-in page with a button of an identity provider.
        var offersProvider: Bool { controls.contains("provider") }
        /// Whether the provider asked for the password on the way to this page.
        var askedForPassword: Bool { filled.contains("password") }

        fileprivate init(_ json: JSON) throws {
            guard let page = json.object else { throw StageFailure("the browser shows no page") }
            status = page["status"]?.integer ?? 0
            address = page["url"]?.string ?? ""
            text = page["text"]?.string ?? ""
            controls = page["controls"]?.strings ?? []
            filled = page["filled"]?.strings ?? []
            beyond = page["beyond"]?.string ?? ""
        }
    }

    fileprivate func open(_ user: String, home: String) async throws {
        try await conversation.ask(
            "open", ["browser": .string(name), "user": .string(user), "home": .string(home)])
    }

    /// Opens an address; the walk does not open what begins with `beyond`.
    func go(to address: String, beyond: String? = nil) async throws -> Page {
        try await go(to: address, beyond: beyond, looks: false)
    }

    /// Signs out at the provider, on its own page.
    func signOut(at provider: OpenIDProvider) async throws {
        _ = try await go(to: provider.signOutAddress, beyond: nil, looks: true)
    }

    private func go(to address: String, beyond: String?, looks: Bool) async throws -> Page {
        var request: JSONObject = ["browser": .string(name), "url": .string(address), "looks": .bool(looks)]
        request["beyond"] = beyond.map(JSON.string)
        return try await Page(conversation.ask("go", request))
    }

    /// Presses a button, with these values in the fields of its form. `user` is who signs in at providers from now on, and
    /// `answer` the answer to the provider's consent: `accept` or `deny`.
    func press(
        _ name: String, _ value: String, _ fields: JSONObject = [:], as user: String? = nil, answer: String? = nil,
        beyond: String? = nil
    ) async throws -> Page {
        var request: JSONObject = [
            "browser": .string(self.name), "name": .string(name), "value": .string(value), "fields": .object(fields),
        ]
        request["beyond"] = beyond.map(JSON.string)
        request["user"] = user.map(JSON.string)
        request["answer"] = answer.map(JSON.string)
        return try await Page(conversation.ask("press", request))
    }
}
