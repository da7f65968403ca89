import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import NIOCore
import OAuth
import Outbound
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Lists and rules about the hosts of key sets")
struct KeySetHostTests {
    private static let keyHost = "other.example"

    /// A client whose document and keys are on two hosts, of which `allow` names those that are admitted.
    private func play(
        allow: [String] = ["*"], _ test: @Sendable @escaping (DocumentScene, AssertionKey) async throws -> Void
    ) async throws {
        let key = AssertionKey()
        let host = try await DocumentHost()
        let keys = try await LoopbackServer.start(tls: TestAuthority.server(Self.keyHost)) { _ in
            DocumentScene.reply([key])
        }
        let place = "\(Self.keyHost):\(keys.port)"
        do {
            let fetcher: @Sendable (Store) throws -> DocumentFetcher = { store in
                try host.fetcher(store, allow: allow, privateHosts: [place])
            }
            try await Harness.run(fetcher: fetcher) { h in
                let scene = DocumentScene(h: h, host: host)
                scene.publish(keysAt: "https://\(place)/keys.json")
                try await test(scene, key)
            }
        } catch {
            try await keys.stop()
            try await host.stop()
            throw error
        }
        try await keys.stop()
        try await host.stop()
    }

    @Test func `a block of the host of a key set applies at once, although the set is in memory`() async throws {
        try await play { scene, key in
            let tokens = try await scene.redeem(key: key).tokens
            try await scene.set(.host(Self.keyHost), .block)
            #expect(try await scene.refresh(tokens.refresh, key: key).error == "invalid_client")
            scene.h.clock.advance(by: 3_700)
            #expect(try await scene.refresh(tokens.refresh, key: key).error == "invalid_client")
            #expect(try await scene.h.sessions().map(\.state) == [.active])
            _ = try await scene.h.gatehouse.store.write { try $0.clientRules.remove(about: .host(Self.keyHost)) }
            #expect(try await scene.refresh(tokens.refresh, key: key).status == .ok)
        }
    }

    @Test func `a rule for a client admits its key set on the document's host, and on no other`() async throws {
        try await DocumentScene.play(allow: []) { scene in
            let key = AssertionKey()
            scene.serve([key])
            scene.publish(keysAt: scene.host.id(DocumentScene.keySet))
            try await scene.set(.client(ClientID(scene.host.id())), .allow)
            #expect(try await scene.redeem(key: key).status == .ok)
        }
        try await play(allow: []) { scene, key in
            try await scene.set(.client(ClientID(scene.host.id())), .allow)
            #expect(try await scene.redeem(key: key).error == "invalid_client")
            try await scene.set(.host(Self.keyHost), .allow)
            scene.h.clock.advance(by: 1)
            #expect(try await scene.redeem(key: key).status == .ok)
        }
    }
}
