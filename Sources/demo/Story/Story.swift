import JOSE
import MCPClient
import OAuth
import Outbound

/// The life of a session of an unregistered MCP client, from its first refused call to the revocation.
final class Story {
    static let person = "ada"

    let stage: Stage
    let narrator: Narrator
    let notebook: Notebook
    /// Random for each run: the demo leaves no account with a known password.
    let password = Random.token(9)
    let visitor: Person

    init(_ stage: Stage, _ narrator: Narrator) {
        self.stage = stage
        self.narrator = narrator
        notebook = Notebook(
            server: stage.example.url, clientID: stage.website.clientID, redirect: stage.callback.redirect,
            client: stage.client)
        visitor = Person(name: Self.person, password: password, client: stage.client)
    }

    /// Runs every step in order.
    func run() async throws {
        try await prepare()
        let discovery = try await discover()
        let first = try await signIn(discovery)
        try await useTools(first)
        let wider = try await stepUp(first, discovery)
        let fresh = try await refresh(wider, discovery)
        try await elicit(fresh)
        try await handOver(fresh)
        try await refuseStranger(fresh)
        try await workInBackground(fresh)
        let session = try await list()
        try await revoke(session, fresh, discovery)
        try await registerItself(discovery)
        try await audit(session)
    }

    /// Starts both servers and registers user and MCP server, as an operator would.
    private func prepare() async throws {
        narrator.step("An operator starts Gatehouse and adds a user and an MCP server")
        try await stage.gatehouse.serve(asking: stage.client)
        narrator.command("gatehouse serve")
        narrator.fact("issuer", stage.gatehouse.issuer)
        _ = try await stage.gatehouse.objects(
            ["users", "add", Self.person, "--password-stdin"], input: password + "\n")
        narrator.command("gatehouse users add \(Self.person) --password-stdin")
        let credentials = try await stage.gatehouse.objects([
            "resources", "add", stage.example.url, "--name", "Example files", "--owner", "Grace Hopper",
            "--scope", "files:read=See the names of your files", "--scope", "files:write=Write your files",
            "--on-request", "files:write", "--implies", "files:write=files:read", "--tool", "files:read=list_files",
            "--tool", "files:write=write_file", "--tool", "files:write=delete_file",
        ])
        narrator.command("gatehouse resources add \(stage.example.url) --owner 'Grace Hopper' …")
        try await stage.example.serve(
            issuer: stage.gatehouse.issuer, credentials: credentials.first ?? [:], asking: stage.client, on: stage.bench
        )
        narrator.fact("MCP server", stage.example.url)
        try await pushEvents()
    }

    /// Calls a tool without a token and follows the challenge to the authorization server.
    private func discover() async throws -> Discovery {
        narrator.step("A client knows only the URL of the MCP server")
        let refused = try await notebook.call("list_files", token: nil)
        guard refused.status == 401, let challenge = refused.challenge else {
            throw StoryFailure(expected: "a 401 with a challenge", found: "the status was \(refused.status)")
        }
        narrator.fact("POST tools/call", "401, scope=\"\(challenge["scope"] ?? "")\"")
        let discovery = try await notebook.discover(challenge)
        let origin = try RemoteURL(operator: stage.example.url).origin
        narrator.fact(
            "metadata", "on the same origin: " + (challenge["resource_metadata"] ?? "").replacing(origin, with: ""))
        narrator.fact("delegates to", discovery.issuer.string)
        guard discovery.takesMetadataDocuments else {
            throw StoryFailure(expected: "client_id_metadata_document_supported", found: "the metadata lacks it")
        }
        narrator.fact("client_id", notebook.clientID)
        return discovery
    }

    /// Authorizes the client with the user's approval, for reading only.
    private func signIn(_ discovery: Discovery) async throws -> Tokens {
        narrator.step("\(Self.person) signs in, reads the request and approves it")
        let tokens = try await authorize(discovery, scope: "files:read")
        narrator.fact("token audience", tokens.claims["aud"]?.string ?? "")
        narrator.fact("token scope", tokens.scope)
        narrator.fact("session", tokens.claims["sid"]?.string ?? "")
        narrator.fact("token lifetime", "\(tokens.expiresIn / 60) minutes, then the client refreshes it")
        guard tokens.claims["aud"]?.string == stage.example.url, tokens.scope == "files:read" else {
            throw StoryFailure(expected: "a token for this MCP server with files:read", found: "its claims differ")
        }
        return tokens
    }

    /// Sends the user to the consent page and redeems the code.
    private func authorize(_ discovery: Discovery, scope: String) async throws -> Tokens {
        try await authorize(
            notebook, discovery, scope: scope, page: ["Demo Notebook", "Grace Hopper"],
            isShown: "\"Demo Notebook\" from localhost, not verified")
    }

    /// Sends the user to the consent page of a client and redeems the code. The page must contain these texts.
    func authorize(
        _ client: Notebook, _ discovery: Discovery, scope: String, page texts: [String], isShown shown: String
    ) async throws -> Tokens {
        let authorization = client.authorization(discovery, scope: scope)
        let (replies, reply) = AsyncStream<Parameters>.makeStream()
        stage.callback.reply(
            with: CallbackListener.BrowserReplies {
                authorization.address
            } welcome: { parameters in
                reply.yield(parameters)
                return "You can close this page."
            })
        let consent = try await visitor.approve(authorization.address)
        reply.finish()
        if let missing = texts.first(where: { !consent.html.contains($0) }) {
            throw StoryFailure(expected: "a page that says '\(missing)'", found: "it does not")
        }
        narrator.fact("the page shows", "\(shown); \(consent.scopes.joined(separator: ", "))")
        guard let answer = await replies.first(where: { _ in true }) else {
            throw StoryFailure(expected: "the browser to return to the client", found: "it did not")
        }
        let code = try authorization.code(in: answer, from: discovery.issuer)
        return try await client.redeem(code, of: authorization, at: discovery)
    }

    /// Calls one tool without a scope and one that needs `files:read`.
    private func useTools(_ tokens: Tokens) async throws {
        narrator.step("The client calls tools with its access token")
        for tool in ["server_time", "list_files"] {
            let answer = try await notebook.call(tool, token: tokens.access)
            guard answer.status == 200, let text = answer.text else {
                throw StoryFailure(expected: "\(tool) to answer", found: "the status was \(answer.status)")
            }
            narrator.fact(tool, text)
        }
    }

    /// Follows a 403 to a wider session, which replaces the first one.
    private func stepUp(_ tokens: Tokens, _ discovery: Discovery) async throws -> Tokens {
        narrator.step("Writing needs a scope that \(Self.person) has not granted: a step-up")
        let file: JSONObject = ["name": "hello.txt", "text": "Hello from the demo."]
        let refused = try await notebook.call("write_file", file, token: tokens.access)
        guard refused.status == 403, let wanted = refused.challenge?["scope"] else {
            throw StoryFailure(expected: "a 403 that names a scope", found: "the status was \(refused.status)")
        }
        narrator.fact("write_file", "403 insufficient_scope, scope=\"\(wanted)\"")
        let wider = try await authorize(discovery, scope: "\(tokens.scope) \(wanted)")
        narrator.fact("token scope", wider.scope)
        let answer = try await notebook.call("write_file", file, token: wider.access)
        guard let text = answer.text else {
            throw StoryFailure(expected: "write_file to answer", found: "the status was \(answer.status)")
        }
        narrator.fact("write_file", text)
        let old = try await notebook.call("list_files", token: tokens.access)
        guard old.status == 401 else {
            throw StoryFailure(expected: "the replaced session to be revoked", found: "its token still works")
        }
        narrator.fact("first session", "replaced by the wider one: its token is refused now")
        return wider
    }

    /// Rotates the refresh token and checks that the session stays the same.
    private func refresh(_ tokens: Tokens, _ discovery: Discovery) async throws -> Tokens {
        narrator.step("The client refreshes its token within the same session")
        let fresh = try await notebook.refresh(tokens, at: discovery)
        guard fresh.refresh != tokens.refresh, fresh.claims["sid"] == tokens.claims["sid"] else {
            throw StoryFailure(
                expected: "a rotated refresh token of the same session", found: "session or token differ")
        }
        narrator.fact("session", fresh.claims["sid"]?.string ?? "")
        narrator.fact("refresh token", "rotated, as on every refresh")
        return fresh
    }
}
