import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@testable import AuthorizationServer

@Suite("OAuth 2.1 §3.2.2 Selection of the grant")
struct GrantSelectionTests {
    @Test func `the metadata lists the grants of the list, in its order`() async throws {
        try await Harness.run { h in
            let metadata = try await h.browser().get("/.well-known/oauth-authorization-server").json
            let served = h.gatehouse.token.grants.types.map(\.rawValue)
            #expect(served.count == Set(served).count && !served.isEmpty)
            #expect(metadata["grant_types_supported"]?.strings == served)
        }
    }

    @Test func `a request needs exactly one grant_type, and client authentication comes first`() async throws {
        try await Harness.run { h in
            let one = ("grant_type", "refresh_token")
            for types in [[], [("grant_type", "")], [one, one], [one, ("grant_type", "password")]] {
                let known = try await h.send("/token", types + [("client_id", "quill")])
                #expect(known.error == "invalid_request", "\(types)")
                let unknown = try await h.send("/token", types + [("client_id", "nobody")])
                #expect(unknown.error == "invalid_client", "\(types)")
            }
        }
    }

    @Test(arguments: [
        "password", "implicit", "Authorization_Code",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
    ])
    func `a grant that is not in the list is unsupported_grant_type`(grant: String) async throws {
        try await Harness.run { h in
            let answer = try await h.send("/token", [("grant_type", grant), ("client_id", "quill")])
            #expect(answer.error == "unsupported_grant_type")
            let unknown = try await h.send("/token", [("grant_type", grant), ("client_id", "nobody")])
            #expect(unknown.error == "invalid_client")
        }
    }

    @Test func `a client cannot use a grant of MCP servers, and an MCP server cannot use a grant of clients`()
        async throws
    {
        try await Harness.run { h in
            let exchange = GrantType.tokenExchange.rawValue
            let client = try await h.send("/token", [("grant_type", exchange), ("client_id", "quill")])
            #expect(client.error == "invalid_client")
            let server = (h.resource.id.string, h.resourceSecret.reveal())
            let tokens = try await h.tokens()
            let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh ?? "")]
            #expect(try await h.send("/token", refresh, basic: server).error == "invalid_client")
            #expect(try await h.refresh(tokens.refresh).status == .ok, "it was not spent")
        }
    }
}
