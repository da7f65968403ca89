import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@testable import AuthorizationServer

@Suite("Stored authorization requests")
struct StoredAuthorizationTests {
    static let challenge = CodeChallenge(for: .random()).string

    /// The text as the previous version wrote it: Foundation's coder, members in no order, slashes escaped.
    static func text(_ more: String = "", scope: String = "files:read files:write") -> String {
        #"{"clientID":"quill","refreshes":true,"isLoopbackOnly":false,"clientName":"Quill Notes","state":"xyz","#
            + #""redirectURI":"https:\/\/app.example\/callback","scope":"\#(scope)","challenge":"\#(challenge)""#
            + more + "}"
    }

    private func interaction(_ request: String) -> Interaction {
        let now = TestClock().now
        return Interaction(
            userID: .random(), browserLoginID: .random(), request: request, createdAt: now, expiresAt: now + 3_600)
    }

    private func resource(_ id: ResourceID) -> String { #","resourceID":"\#(id)""# }

    @Test func `a request that the previous version stored is read with every value`() throws {
        let (id, session) = (ResourceID.random(), SessionID.random())
        let digest = Digest.sha256("document")
        let text = Self.text(
            resource(id) + #","clientHost":"app.example","documentDigest":"\#(digest.base64URL)","maxAge":60,"#
                + #""includes":{"files:write":"files:read"},"contexts":["urn:example:strong"],"signedInAt":100,"#
                + #""original":"client_id=quill&scope=a%2Fb","choice":{"scopes":["files:write"],"lifetime":"1h","#
                + #""replacing":["\#(session)"],"madeAt":200}"#)
        let pending = try PendingAuthorization(of: interaction(text))
        #expect(pending.clientID.string == "quill" && pending.clientName == "Quill Notes")
        #expect(pending.clientHost == "app.example" && pending.documentDigest == digest)
        guard case .redirect(let redirect, let state, let challenge) = pending.delivery else {
            Issue.record("the request has no redirect")
            return
        }
        #expect(redirect.uri.string == "https://app.example/callback" && state == "xyz")
        #expect(challenge.string == Self.challenge && pending.resourceID == id)
        #expect(pending.scope == [try Scope("files:read"), try Scope("files:write")])
        #expect(pending.implications.direct == [try Scope("files:write"): [try Scope("files:read")]])
        #expect(pending.maxAge == 60 && pending.contexts.map(\.rawValue) == ["urn:example:strong"])
        #expect(pending.signedInAt == Timestamp(seconds: 100) && pending.original == "client_id=quill&scope=a%2Fb")
        let choice = try #require(pending.choice)
        #expect(choice.scope == [try Scope("files:write")] && choice.lifetime == 3_600)
        #expect(choice.replaces == [session] && choice.madeAt == Timestamp(seconds: 200))
    }

    @Test func `the members that came later than the table may be absent`() throws {
        let id = ResourceID.random()
        let pending = try PendingAuthorization(of: interaction(Self.text(resource(id))))
        #expect(pending.implications.direct.isEmpty && pending.contexts.isEmpty && pending.maxAge == nil)
        #expect(pending.signedInAt == nil && pending.original == nil && pending.choice == nil)
        #expect(pending.clientHost == nil && pending.documentDigest == nil)
    }

    @Test func `what is written is read back, and written the same again`() throws {
        var pending = try PendingAuthorization(
            of: interaction(Self.text(resource(.random()) + #","includes":{"files:write":"files:read"},"maxAge":0"#)))
        pending.choice = PendingAuthorization.Choice(
            scope: [try Scope("files:read")], lifetime: 43_200, replaces: [.random()], madeAt: Timestamp(seconds: 7))
        let again = try PendingAuthorization(of: interaction(pending.text))
        #expect(again.text == pending.text)
        #expect(again.choice?.replaces == pending.choice?.replaces && again.choice?.lifetime == 43_200)
    }

    @Test func `the longest request that is accepted fits, whatever its characters`() throws {
        let text = resource(.random()) + #","original":"\#(String(repeating: #"\u0001"#, count: 16_384))""#
        let pending = try PendingAuthorization(of: interaction(Self.text(text)))
        #expect(try PendingAuthorization(of: interaction(pending.text)).original?.utf8.count == 16_384)
    }

    @Test(arguments: [
        "{}", "not JSON", text(), text(#","resourceID":"res_short""#),
        text(#","resourceID":"\#(ResourceID.random())""#, scope: "a\u{22}b"),
        text(#","resourceID":"\#(ResourceID.random())","documentDigest":"AAAA""#),
    ])
    func `a request with a missing or malformed value is not read`(request: String) {
        #expect(throws: (any Error).self) { try PendingAuthorization(of: interaction(request)) }
    }

    @Test func `the token endpoint learns whether the client may hold refresh tokens from that member alone`() throws {
        #expect(try PendingAuthorization.allowsRefreshTokens(interaction(#"{"refreshes":true}"#)))
        #expect(try !PendingAuthorization.allowsRefreshTokens(interaction(#"{"refreshes":false}"#)))
        #expect(throws: (any Error).self) { try PendingAuthorization.allowsRefreshTokens(interaction("{}")) }
    }
}
