import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Scopes that an MCP server does not have")
struct ForeignScopeTests {
    @Test(arguments: ["openid email profile", "openid", "read:jira write:jira", "groups offline_access", "Files:Read"])
    func `a request with only unknown scopes offers the defaults, and the response names the granted ones`(
        scope: String
    )
        async throws
    {
        try await Harness.run { h in
            let page = try await h.consentPage(h.browser(), h.request(["scope": scope]))
            #expect(page.text.contains("Read your files") && page.text.contains("List your files"))
            #expect(!page.text.contains("Change your files"))
            let tokens = try await h.tokens(scopes: ["files:list"], asking: scope)
            #expect(tokens.scope == "files:list")
            #expect(try await h.introspect(tokens.access)["scope"]?.string == "files:list")
        }
    }

    @Test func `beside a known scope they change nothing`() async throws {
        try await Harness.run { h in
            let page = try await h.consentPage(h.browser(), h.request(["scope": "openid files:write profile"]))
            #expect(page.text.contains("Change your files") && !page.text.contains("Read your files"))
        }
    }

    @Test func `a refresh that names only scopes outside of the grant is invalid_scope and uses up nothing`()
        async throws
    {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            for scope in ["files:write", "files:write openid", "read:jira", "files:list offline_access"] {
                let answer = try await h.refresh(tokens.refresh, ["scope": scope])
                #expect(answer.status == .badRequest && answer.error == "invalid_scope", "\(scope)")
                #expect(answer.json["access_token"] == nil)
            }
            #expect(try await h.sessions().map(\.state) == [.active])
            let next = try await h.refresh(tokens.refresh, ["scope": "openid email profile offline_access"])
            #expect(next.tokens.scope == "files:read")
            #expect(RefreshToken(next.tokens.refresh ?? "")?.generation == 2, "no refusal turned the token")
            #expect(try await h.refresh(next.tokens.refresh, ["scope": "files:read x"]).tokens.scope == "files:read")
        }
    }
}
