import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("clients allow CLIENT_ID")
struct ClientAllowanceTests {
    private func isLive(_ scene: DocumentScene, _ tokens: Tokens) async throws -> Bool {
        try await scene.h.introspect(tokens.access)["active"]?.bool ?? false
    }

    @Test(arguments: [true, false])
    func `it overrides the configuration's lists for this client only`(isListed: Bool) async throws {
        let lists = isListed ? (["*"], ["*"]) : (["else.example"], [])
        try await DocumentScene.play(allow: lists.0, block: lists.1) { scene in
            scene.host.publish([:], at: "/other.json")
            let browser = try await scene.signedIn()
            #expect(try await scene.consentPage(browser).input("token") == nil)
            #expect(scene.host.fetches == 0, "nothing is fetched for who is kept out")
            try await scene.set(.client(try ClientID(scene.host.id())), .allow)
            let tokens = try await scene.tokens(browser)
            #expect(try await isLive(scene, tokens))
            scene.age()
            let next = try await scene.refresh(tokens.refresh)
            #expect(next.status == .ok, "a refresh fetches the document anew")
            #expect(try await scene.consentPage(browser, path: "/other.json").input("token") == nil)
            #expect(try await scene.h.sessions().count == 1)
        }
    }

    @Test func `a block of the host or the client overrides it, and after its removal the lists apply again`()
        async throws
    {
        try await DocumentScene.play(block: ["*"]) { scene in
            let id = try ClientID(scene.host.id())
            try await scene.set(.client(id), .allow)
            let browser = try await scene.signedIn()
            let tokens = try await scene.tokens(browser)
            try await scene.set(.host(DocumentHost.name), .block)
            #expect(try await !isLive(scene, tokens))
            #expect(try await scene.refresh(tokens.refresh).error == "invalid_client")
            #expect(try await scene.consentPage(browser).input("token") == nil)
            try await scene.set(.host(DocumentHost.name), .allow)
            #expect(try await isLive(scene, tokens))
            _ = try await scene.h.gatehouse.store.write { try $0.clientRules.remove(about: .host(DocumentHost.name)) }
            #expect(try await isLive(scene, tokens))
            _ = try await scene.h.gatehouse.store.write { try $0.clientRules.remove(about: .client(id)) }
            #expect(try await !isLive(scene, tokens))
            #expect(try await scene.refresh(tokens.refresh).error == "invalid_client")
            try await scene.set(.client(id), .block)
            #expect(try await scene.consentPage(browser).input("token") == nil)
        }
    }
}
