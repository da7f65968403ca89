import JOSE
import TestSupport

/// A client's web site, whose certificate comes from an authority that lives as long as the test.
struct Website: Sendable {
    private let conversation: Conversation
    private let port: Int64

    /// Plays a scene whose Gatehouse trusts the site's authority and lets the site be on this machine.
    static func play(_ test: (Scene, Website) async throws -> Void) async throws {
        try await Stage.play { stage in
            let authority = try TestAuthority.shared.get()
            let website = try await Website(on: stage, files: authority.files(of: "localhost"))
            try await test(Scene.set(on: stage, settings: website.settings(authority)), website)
        }
    }

    /// Lines of configuration by which Gatehouse trusts the site's authority and lets the site be on this machine.
    func settings(_ authority: TestAuthority) -> String {
        """
        clients: { metadata_documents: { private_hosts: ["localhost:\(port)"] } }
        outbound: { trust: ["\(authority.file)"] }
        """
    }

    init(on stage: Stage, files: (certificate: String, key: String)) async throws {
        conversation = try Conversation("document_host.py", on: stage)
        let answer = try await conversation.ask(
            "listen",
            ["certificate": .string(files.certificate), "key": .string(files.key)])
        guard let port = answer.integer else { throw StageFailure("the document host gave no port") }
        self.port = port
    }

    /// The address of a path.
    func address(_ path: String) -> String { "https://localhost:\(port)\(path)" }

    /// Publishes a client's document and gives the client's id.
    func publish(
        _ path: String, naming other: String? = nil, redirect: String = "http://127.0.0.1/callback"
    ) async throws -> String {
        let document: JSONObject = [
            "client_id": .string(address(other ?? path)),
            "client_name": "Travelling Notebook",
            "redirect_uris": [.string(redirect)],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        ]
        try await conversation.ask("serve", ["path": .string(path), "document": .object(document)])
        return address(path)
    }

    /// The paths that were asked for so far.
    func requests() async throws -> [String] {
        try await conversation.ask("requests").strings ?? []
    }
}
