import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@testable import AuthorizationServer

@Suite("RFC 7662 §2.1 Authentication comes before the token")
struct IntrospectionOrderTests {
    @Test func `introspection authenticates before it verifies or reads`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            let wrong = (h.resource.id.string, ClientSecret.random().reveal())
            let strangers = [wrong, ("quill", "x"), (ResourceID.random().string, h.resourceSecret.reveal())]
            for credentials in strangers {
                for form in [[("token", tokens.access)], [], [("token", "")], [("token", "a"), ("token", "b")]] {
                    let answer = try await h.send("/introspect", form, basic: credentials)
                    #expect(answer.status == .unauthorized && answer.error == "invalid_client", "\(form)")
                }
            }
            #expect(h.gatehouse.introspection.reader.count == 0, "no token of a stranger was verified")
            #expect(try await h.introspect(tokens.access)["active"]?.bool == true)
            #expect(h.gatehouse.introspection.reader.count == 1)
            let right = (h.resource.id.string, h.resourceSecret.reveal())
            #expect(try await h.send("/introspect", [], basic: right).error == "invalid_request")
        }
    }
}
