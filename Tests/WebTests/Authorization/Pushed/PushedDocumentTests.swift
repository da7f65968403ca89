import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import Outbound
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("RFC 9126 pushed requests of clients with a metadata document")
struct PushedDocumentTests {
    private func push(_ scene: DocumentScene, _ changes: [String: String?] = [:]) async throws -> TestResponse {
        try await scene.h.send("/par", scene.request(changes))
    }

    @Test func `a push reads no unknown document of a private host, unless an administrator allows the client`()
        async throws
    {
        try await DocumentScene.play { scene in
            let refused = try await push(scene)
            #expect(refused.error == "invalid_client" && scene.host.fetches == 0)
            try await scene.set(.client(ClientID(scene.host.id())), .allow)
            #expect(try await push(scene).status == .created)
            #expect(scene.host.fetches == 1)
            #expect(try await push(scene, ["redirect_uri": "https://evil.example/cb"]).error == "invalid_request")
        }
    }

    @Test func `a document that a user's request brought here is fetched again for a push`() async throws {
        try await DocumentScene.play { scene in
            _ = try await scene.consentPage(scene.h.browser())
            #expect(try await push(scene).status == .created)
            #expect(scene.host.fetches == 1, "it is fresh")
            scene.age()
            #expect(try await push(scene).status == .created)
            #expect(scene.host.fetches == 2)
            scene.host.answer(LoopbackServer.http("404 Not Found", body: "{}"))
            scene.age()
            #expect(try await push(scene).status != .created)
        }
    }

    @Test func `all pushes together have the share of one user`() async throws {
        try await DocumentScene.play(budget: FetchBudget()) { scene in
            for number in 0..<8 {
                let path = "/bad-\(number).json"
                try await scene.set(.client(ClientID(scene.host.id(path))), .allow)
                let answer = try await scene.h.send("/par", scene.request(path: path))
                #expect(answer.status != .created)
            }
            #expect(scene.host.fetches == 5)
            let browser = try await scene.signedIn()
            #expect(try await scene.consentPage(browser).text.contains("Travelling Notebook"))
        }
    }

    @Test func `a document can demand that its requests are pushed`() async throws {
        try await DocumentScene.play { scene in
            scene.host.publish(["require_pushed_authorization_requests": true])
            let browser = try await scene.signedIn()
            let refused = try await scene.h.authorize(browser, scene.request())
            #expect(refused.status != .seeOther && refused.text.contains("Push this request first"))
            let uri = try await push(scene).json["request_uri"]?.string ?? ""
            let opened = try await scene.h.authorize(browser, pushed: uri, client: scene.host.id())
            #expect(opened.status == .seeOther)
        }
    }
}
