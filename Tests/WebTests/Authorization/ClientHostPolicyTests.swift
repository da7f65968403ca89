import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Policies on the hosts of clients")
struct ClientHostPolicyTests {
    private static let others = SessionPolicyChange(clientHosts: ["desk.example", "Quill.Example"])
    private static let sentence = "does not admit clients of this host"

    @Test func `a client of another host gets an error, and nothing is pending`() async throws {
        try await DocumentScene.play { scene in
            let h = scene.h
            try await h.policy(Self.others)
            let browser = try await scene.signedIn()
            let answer = try await h.authorize(browser, scene.request())
            #expect(answer.status == .badRequest && answer.text.contains(Self.sentence))
            let back = try #require(answer.continuation)
            #expect(FormText.decode(queryOf: back)["error"] == ["invalid_target"] && !back.contains("code="))
            #expect(try await h.consentPage(browser, h.request()).input("token") != nil, "registered clients come")
            try await h.policy(SessionPolicyChange(clientHosts: ["desk.example", DocumentHost.name]))
            #expect(try await scene.consentPage(browser).input("token") != nil)
        }
    }

    @Test func `a client that names no MCP server is led to the one that is open to it`() async throws {
        try await DocumentScene.play { scene in
            let h = scene.h
            let other = try await h.addServer("https://other.example/mcp")
            try await h.policy(Self.others)
            let browser = try await scene.signedIn()
            let page = try await scene.consentPage(browser, ["resource": nil, "scope": nil])
            #expect(page.text.contains(other.resource.identifier.string))
            try await h.policy(Self.others, of: other.resource.id)
            let refused = try await h.authorize(browser, scene.request(["resource": nil, "scope": nil]))
            #expect(refused.continuation?.contains("invalid_target") == true)
        }
    }

    @Test func `a policy that excludes the host while the page is open lets it approve nothing`() async throws {
        try await DocumentScene.play { scene in
            let h = scene.h
            let browser = h.browser()
            let page = try await scene.consentPage(browser)
            let another = try await scene.consentPage(browser)
            try await h.policy(Self.others)
            let denied = try await h.decide(browser, at: another, "deny")
            #expect(denied.continuation?.contains("error=access_denied") == true, "a refusal counts all the same")
            let answer = try await h.decide(browser, at: page)
            #expect(answer.status == .badRequest && answer.text.contains(Self.sentence))
            #expect(answer.continuation == nil)
            #expect(try await h.sessions().isEmpty)
            #expect(try await h.records(.sessionApproved).isEmpty)
            try await h.policy(SessionPolicyChange(clientHosts: ["any"]))
            #expect(try await h.decide(browser, at: page).continuation?.contains("code=") == true)
        }
    }

    @Test func `excluding a host ends its clients' sessions there, and no others`() async throws {
        try await DocumentScene.play { scene in
            let h = scene.h
            let other = try await h.addServer("https://other.example/mcp")
            let elsewhere = try await scene.redeem(
                h.code(
                    nil,
                    [
                        "client_id": scene.host.id(), "redirect_uri": DocumentScene.redirect,
                        "resource": other.resource.identifier.string, "scope": nil,
                    ], scopes: [])
            ).tokens
            let registered = try await h.tokens()
            let tokens = try await scene.tokens()
            let answer = try await h.policy(Self.others)
            #expect(answer.note?.contains("1 session") == true)
            #expect(try await scene.refresh(tokens.refresh).error == "invalid_grant")
            #expect(try await h.introspect(tokens.access)["active"] == false)
            #expect(try await h.refresh(registered.refresh).status == .ok)
            #expect(try await scene.refresh(elsewhere.refresh).status == .ok)
            let ended = try await h.sessions().filter { $0.state == .ended }
            #expect(ended.map(\.endReason) == [.hostExcluded] && ended.map(\.endedBy) == [.admin])
            let records = try await h.records(.sessionEnded)
            #expect(records.map(\.session) == ended.map(\.id) && records.first?.reason == "client_host_excluded")
            #expect(try await h.records(.policyChanged).count == 1)
            #expect(try await h.policy(Self.others).note == nil, "it is over once")
        }
    }

    @Test func `the rule holds from its first moment, whatever is left to end`() async throws {
        try await DocumentScene.play { scene in
            let h = scene.h
            let tokens = try await scene.tokens()
            let code = try await scene.code()
            // The rule alone, as it stands between two steps of an end of many.
            try await h.gatehouse.store.write { [id = h.resource.id] in
                try $0.resources.set(ResourcePolicy(sessions: SessionPolicy(clientHosts: ["desk.example"])), of: id)
            }
            #expect(try await scene.refresh(tokens.refresh).error == "invalid_grant")
            #expect(try await h.introspect(tokens.access)["active"] == false)
            #expect(try await h.ask(tokens.access).error == "invalid_subject_token")
            #expect(try await scene.redeem(code).error == "invalid_grant")
            #expect(try await h.sessions().allSatisfy { $0.state != .ended })
        }
    }

    @Test(arguments: [
        ["client.example.evil"], ["evil.client.example"], ["client"], ["example"], ["xclient.example"],
        ["desk.example", "client.exampl"],
    ])
    func `a host counts whole, not in part`(hosts: [String]) async throws {
        try await DocumentScene.play { scene in
            try await scene.h.gatehouse.store.write { [id = scene.h.resource.id] in
                try $0.resources.set(ResourcePolicy(sessions: SessionPolicy(clientHosts: hosts)), of: id)
            }
            let browser = try await scene.signedIn()
            #expect(try await scene.h.authorize(browser, scene.request()).text.contains(Self.sentence))
        }
    }
}
