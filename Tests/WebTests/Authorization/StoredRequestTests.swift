import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import TestSupport
import Testing

@testable import Storage

@Suite("Authorization requests that an earlier version stored")
struct StoredRequestTests {
    /// Replaces the request of the only interaction by what the previous version would have stored for it.
    private func store(_ h: Harness, _ verifier: CodeVerifier) async throws {
        let request =
            #"{"refreshes":true,"clientID":"quill","challenge":"\#(CodeChallenge(for: verifier))","scope":"files:read","#
            + #""redirectURI":"https:\/\/app.example\/callback","state":"old","clientName":"Quill Notes","#
            + #""isLoopbackOnly":false,"resourceID":"\#(h.resource.id)"}"#
        let changed = try await h.gatehouse.store.write { transaction in
            try transaction.execute("UPDATE interactions SET request = ?1", request)
        }
        #expect(changed == 1)
    }

    @Test func `a request that waits during an upgrade is shown, approved and redeemed`() async throws {
        try await Harness.run { h in
            let (browser, verifier) = (h.browser(), CodeVerifier.random())
            let redirect = try await h.consentPage(browser, h.request())
            try await store(h, verifier)
            #expect(redirect.status == .ok)
            let answer = try await h.decide(browser, at: redirect)
            let parameters = FormText.decode(queryOf: answer.continuation ?? "")
            #expect(parameters["state"] == ["old"])
            let code = Redeemable(code: parameters["code"]?.first ?? "", verifier: verifier.reveal())
            #expect(try await h.redeem(code).tokens.scope == "files:read")
            #expect(try await h.sessions().map(\.scope.string) == ["files:read"])
        }
    }

    @Test func `a request that cannot be read is answered by an error page and decides nothing`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request())
            _ = try await h.gatehouse.store.write { try $0.execute("UPDATE interactions SET request = '{}'") }
            #expect(try await h.decide(browser, at: page).status == .internalServerError)
            #expect(try await h.sessions().isEmpty)
        }
    }
}
