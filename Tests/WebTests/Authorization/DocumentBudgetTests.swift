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

@Suite("Limits of fetching metadata documents")
struct DocumentBudgetTests {
    /// Opens five paths of the client's host that have no document.
    private func openBadPaths(_ scene: DocumentScene, _ browser: TestBrowser) async throws {
        for number in 0..<6 {
            let answer = try await scene.h.authorize(browser, scene.request(path: "/bad-\(number).json"))
            #expect(answer.status.kind != .redirection)
        }
        #expect(scene.host.fetches == 5)
    }

    @Test func `five bad paths on a client's host do not block the client for others`() async throws {
        try await DocumentScene.play(budget: FetchBudget()) { scene in
            _ = try await scene.h.addUser("eve")
            let eve = scene.h.browser()
            _ = try await scene.h.signIn(eve, at: try await scene.h.authorize(eve, scene.h.request()), as: "eve")
            try await openBadPaths(scene, eve)
            #expect(try await scene.consentPage(try await scene.signedIn()).text.contains("Travelling Notebook"))
        }
    }

    @Test
    func `a document that was good before is fetched again whatever was asked for beside it, also after a restart`()
        async throws
    {
        try await DocumentScene.play(budget: FetchBudget()) { scene in
            let browser = try await scene.signedIn()
            _ = try await scene.consentPage(browser)
            let known = try await scene.h.gatehouse.store.read { [id = scene.host.id()] in
                try $0.documents.isKnown(ClientID(id))
            }
            #expect(known.itself && known.host, "it stands in the database, not in the memory of this process")
            scene.age()
            for number in 0..<6 {
                _ = try await scene.h.authorize(browser, scene.request(path: "/bad-\(number).json"))
            }
            // The valid one was the first of this user's five.
            #expect(scene.host.fetches == 5)
            #expect(try await scene.consentPage(browser).text.contains("Travelling Notebook"))
            #expect(scene.host.fetches == 6)
        }
    }

    @Test func `a client with sessions refreshes whatever strangers ask its host for`() async throws {
        try await DocumentScene.play(budget: FetchBudget()) { scene in
            let browser = scene.h.browser()
            let tokens = try await scene.tokens(browser)
            for number in 0..<20 {
                _ = try await scene.h.authorize(browser, scene.request(path: "/bad-\(number).json"))
            }
            scene.age()
            let before = scene.host.fetches
            #expect(try await scene.refresh(tokens.refresh).status == .ok)
            #expect(scene.host.fetches == before + 1)
        }
    }
}
