import JOSE
import TestSupport

/// The official Python SDK in a process of its own, with a scripted user at the pages.
struct SDKClient: Sendable {
    static let redirect = "http://127.0.0.1:53682/callback"

    private let conversation: Conversation

    /// Client and user trust the tests' authority too.
    init(on stage: Stage) throws {
        let trust = ["SSL_CERT_FILE": try TestAuthority.shared.get().file]
        conversation = try Conversation("sdk_client.py", on: stage, environment: trust)
    }

    /// Who the client says it is.
    enum Identity {
        /// Registered by an admin; the members of `clients add`.
        case registered(JSONObject, authentication: String = "none")
        /// Registered with `clients add --service`, for the client itself.
        case service(JSONObject, authentication: String, issuer: String, scope: String? = nil)
        /// Known by the address of its metadata document.
        case document(String)
        /// Unregistered.
        case unknown
    }

    /// How the SDK settles on a protocol version: by asking, or by the handshake of older revisions.
    enum Era: String, CaseIterable, Sendable {
        case modern = "auto"
        case handshake = "legacy"

        /// What it settles on with a server that speaks both.
        var version: String {
            switch self {
            case .modern: "2026-07-28"
            case .handshake: "2025-11-25"
            }
        }
    }

    /// What becomes of the links that the client is given; without one it does not say that it opens links.
    enum Opening: String, Sendable {
        case approve
        /// The user approves while the call is held, after the client has accepted.
        case approveWhileHeld = "approve while held"
        /// The user approves after Gatehouse has gone and come back, while the call is held.
        case approveAfterRestart = "approve after a restart"
        case decline
        /// The user approves after `mallory` has tried to.
        case wrongPersonFirst = "wrong person first"
        /// The client does not show it.
        case never
    }

    /// Connects to an MCP server, which is where the SDK walks through all of OAuth; gives the protocol version.
    ///
    /// - Parameter asked: what the client answers when it is asked itself: `form`, its result; `sampling`, what the person
    ///   does with the model's text. Without one it does not say that it can be asked so.
    @discardableResult
    func connect(
        to server: String, as identity: Identity, era: Era = .modern, person: JSONObject = [:], opens: Opening? = nil,
        asked: JSONObject = [:]
    ) async throws -> String? {
        var request: JSONObject = ["server": .string(server), "mode": .string(era.rawValue), "answers": .object(asked)]
        request["opens"] = opens.map { .string($0.rawValue) }
        request["stranger"] = ["username": "mallory", "password": .string(Scene.password)]
        switch identity {
        case .registered(let client, let authentication):
            request["client_id"] = client["client_id"]
            request["client_secret"] = client["client_secret"]
            request["auth_method"] = .string(authentication)
        case .service(let client, let authentication, let issuer, let scope):
            request["client_id"] = client["client_id"]
            request["client_secret"] = client["client_secret"]
            request["auth_method"] = .string(authentication)
            request["issuer"] = .string(issuer)
            request["scope"] = scope.map(JSON.string)
        case .document(let url):
            request["client_metadata_url"] = .string(url)
        case .unknown:
            break
        }
        var who: JSONObject = ["username": "ada", "password": .string(Scene.password)]
        for (name, value) in person.members { who[name] = value }
        request["person"] = .object(who)
        return try await conversation.ask("connect", request).object?["protocol"]?.string
    }

    /// Makes a key with which the SDK signs its assertions; the public half as a JWK set.
    func makeKey(_ algorithm: String) async throws -> JSON {
        try await conversation.ask("make_key", ["algorithm": .string(algorithm)])
    }

    /// The names of the server's tools.
    func tools() async throws -> [String] {
        try await conversation.ask("tools").strings ?? []
    }

    /// Calls a tool; nil when the tool itself failed.
    func call(_ tool: String, _ arguments: JSONObject = [:]) async throws -> String? {
        let outcome = try await outcome(tool, arguments)
        return outcome.failed ? nil : outcome.text
    }

    /// Calls a tool; what it said, and whether it failed.
    func outcome(_ tool: String, _ arguments: JSONObject = [:]) async throws -> (text: String, failed: Bool) {
        let request: JSONObject = ["tool": .string(tool), "arguments": .object(arguments)]
        let answer = try await conversation.ask("call", request).object
        return (answer?["text"]?.string ?? "", answer?["failed"] != false)
    }

    /// Makes the SDK take its access token for expired.
    func expireAccessToken() async throws {
        try await conversation.ask("expire")
    }

    /// Sets what the user does from now on.
    func person(_ changes: JSONObject) async throws {
        try await conversation.ask("change_person", ["person": .object(changes)])
    }

    /// Has the user open a link outside of a call and approve; the status of the last page.
    func visit(_ link: String) async throws -> Int64? {
        try await conversation.ask("visit", ["url": .string(link)]).integer
    }

    /// What the SDK holds.
    struct Holding: Sendable {
        let accessToken: String
        let refreshToken: String?
        let scope: Set<String>
        let clientID: String?
        /// How often it was given tokens.
        let turns: Int64
        /// The authorization requests of the client.
        let asked: [String]
        /// The errors that it was sent back with.
        let refusals: [String]
        /// The pages that the user saw.
        let pages: [String]
        /// The links that it was given.
        let links: [JSONObject]
        /// The names of the fields of each form that it was given.
        let forms: [[String]]
    }

    func holding() async throws -> Holding {
        guard let state = try await conversation.ask("state").object else {
            throw StageFailure("the SDK client gave no state")
        }
        return Holding(
            accessToken: state["access_token"]?.string ?? "", refreshToken: state["refresh_token"]?.string,
            scope: Set(state["scope"]?.string?.split(separator: " ").map(String.init) ?? []),
            clientID: state["client_id"]?.string, turns: state["turns"]?.integer ?? 0,
            asked: state["asked"]?.strings ?? [], refusals: state["refusals"]?.strings ?? [],
            pages: state["pages"]?.strings ?? [],
            links: state["links"]?.array?.compactMap(\.object) ?? [],
            forms: state["forms"]?.array?.map { $0.strings ?? [] } ?? [])
    }
}
