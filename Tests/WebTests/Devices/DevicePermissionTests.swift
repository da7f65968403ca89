import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import NIOCore
import OAuth
import ServerSupport
import TestSupport
import Testing

@testable import Storage

@Suite("Which clients may begin on a device")
struct DevicePermissionTests {
    @Test func `a registered client may only with an administrator's permission, and the refusal names the command`()
        async throws
    {
        try await Harness.run { h in
            let refused = try await DeviceSteps(h: h).start(["client_id": "quill"])
            #expect(refused.status == .badRequest && refused.error == "unauthorized_client")
            let sentence = refused.json["error_description"]?.string ?? ""
            #expect(sentence.contains("gatehouse clients allow quill --device"), "\(sentence)")
            #expect(try await DeviceSteps(h: h).states().isEmpty)
            try await h.administer(.clients(.allow("quill", allowsDevice: true)))
            #expect(try await DeviceSteps(h: h).start(["client_id": "quill"]).status == .ok)
            #expect(try await h.administer(.clients(.show("quill"))).rows.first?["device_grant"] == true)
            try await h.administer(.clients(.allow("quill")))
            #expect(try await DeviceSteps(h: h).start(["client_id": "quill"]).error == "unauthorized_client")
        }
    }

    @Test func `a client that begins on devices alone has no redirect and no authorization code`() async throws {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            let request = h.request(["client_id": DeviceSteps.tool])
            #expect(try await h.authorize(h.browser(), request).status == .badRequest)
            #expect(try await h.send("/par", request).error == "invalid_request")
            _ = try await DeviceSteps(h: h).add("both", redirects: [Harness.redirect])
            #expect(try await h.consentPage(h.browser(), h.request(["client_id": "both"])).isPage("consent"))
            #expect(try await DeviceSteps(h: h).start(["client_id": "both"]).status == .ok)
        }
    }

    @Test func `a client that registered itself never gets the grant by its own word`() async throws {
        try await Harness.run { h in
            let body: JSONObject = [
                "client_name": "CLI", "redirect_uris": [.string(Harness.loopback)],
                "token_endpoint_auth_method": "none",
                "grant_types": [.string(GrantType.deviceCode.rawValue), "refresh_token"],
            ]
            let answer = try await h.client.execute(
                uri: "/register", method: .post, headers: [.contentType: "application/json"],
                body: .init(bytes: body.bytes))
            #expect(answer.status == .created)
            #expect(answer.json["grant_types"]?.strings?.contains(GrantType.deviceCode.rawValue) == false)
            let id = answer.json["client_id"]?.string ?? ""
            #expect(try await DeviceSteps(h: h).start(["client_id": id]).error == "unauthorized_client")
            try await h.administer(.clients(.allow(id, allowsDevice: true)))
            let codes = try await DeviceSteps(h: h).codes(["client_id": id])
            let page = try await DeviceSteps(h: h).approve(codes)
            #expect(page.text.contains("Access approved"))
            #expect(try await DeviceSteps(h: h).poll(codes, ["client_id": id]).status == .ok)
        }
    }

    @Test func `a client with a document needs both the permission and the grant in its document`() async throws {
        try await DocumentScene.play { scene in
            let (h, id) = (scene.h, scene.host.id())
            scene.host.publish(["grant_types": ["refresh_token", .string(GrantType.deviceCode.rawValue)]])
            try await h.administer(.clients(.allow(id)))
            let refused = try await DeviceSteps(h: h).start(["client_id": id])
            #expect(refused.error == "unauthorized_client" && refused.text.contains("clients allow"))
            try await h.administer(.clients(.allow(id, allowsDevice: true)))
            let codes = try await DeviceSteps(h: h).codes(["client_id": id])
            let browser = h.browser()
            let review = try await DeviceSteps(h: h).enter(codes.user, at: DeviceSteps(h: h).page(browser), browser)
            #expect(review.text.contains(scene.host.id().split(separator: "/")[1]), "the host is named")
            let consent = try await DeviceSteps(h: h).follow(
                DeviceSteps(h: h).press("proceed", at: review, browser), browser)
            _ = try await h.decide(browser, at: consent)
            #expect(try await DeviceSteps(h: h).poll(codes, ["client_id": id]).status == .ok)
            #expect(try await h.sessions().first?.clientHost != nil)
        }
        try await DocumentScene.play { scene in
            let (h, id) = (scene.h, scene.host.id())
            scene.host.publish(["grant_types": ["authorization_code", "refresh_token"]])
            try await h.administer(.clients(.allow(id, allowsDevice: true)))
            let refused = try await DeviceSteps(h: h).start(["client_id": id])
            #expect(refused.error == "unauthorized_client" && refused.text.contains("grant_types"))
        }
    }

    @Test func `a policy keeps devices out of one MCP server`() async throws {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            let answer = try await h.policy(SessionPolicyChange(allowsDevice: false))
            #expect(answer.rows.first?["device_grant"] == ["value": false, "from": "policy"])
            let refused = try await DeviceSteps(h: h).start()
            #expect(
                refused.error == "invalid_target" && refused.text.contains("admits no clients that begin on a device"))
            #expect(try await DeviceSteps(h: h).states().isEmpty)
            #expect(try await h.tokens().access != "", "other clients are not affected")
            try await h.policy(SessionPolicyChange(allowsDevice: true))
            #expect(try await DeviceSteps(h: h).start().status == .ok)
        }
    }

    @Test func `scope and resource are checked as at the authorization endpoint`() async throws {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            for (changes, error) in [
                (["resource": "https://elsewhere.example/mcp"], "invalid_target"),
                (["resource": "x"], "invalid_target"), (["scope": "a\u{1}"], "invalid_scope"),
            ] {
                #expect(try await DeviceSteps(h: h).start(changes).error == error, "\(changes)")
            }
            #expect(try await h.send("/device_authorization?client_id=tool", []).error == "invalid_request")
            #expect(try await h.client.execute(uri: "/device_authorization", method: .get).status == .methodNotAllowed)
            #expect(try await DeviceSteps(h: h).states().isEmpty)
            #expect(try await DeviceSteps(h: h).start(["scope": nil, "resource": nil]).status == .ok)
        }
    }

    /// Everything that an operator can take away while a device waits.
    enum Withdrawal: CaseIterable, Sendable {
        case permission, policy, clientBlocked, clientRemoved, resourceRemoved, userDisabled

        func apply(_ h: Harness) async throws {
            switch self {
            // A rule about the client leaves its registration; removing the grant needs another registration.
            case .permission:
                try await h.gatehouse.store.write {
                    _ = try $0.execute("UPDATE clients SET grant_types = 'refresh_token' WHERE id = 'tool'")
                }
            case .policy: try await h.policy(SessionPolicyChange(allowsDevice: false))
            case .clientBlocked: try await h.administer(.clients(.block(DeviceSteps.tool)))
            case .clientRemoved: try await h.administer(.clients(.remove(DeviceSteps.tool)))
            case .resourceRemoved: try await h.administer(.resources(.remove(h.resource.id.string)))
            case .userDisabled: try await h.administer(.users(.disable(name: "ada")))
            }
        }

        /// The error of a device whose user had approved.
        var refusal: String {
            switch self {
            case .permission: "unauthorized_client"
            case .policy: "invalid_target"
            case .clientBlocked, .clientRemoved: "invalid_client"
            case .resourceRemoved, .userDisabled: "invalid_grant"
            }
        }
    }

    @Test(arguments: Withdrawal.allCases)
    func `what is withdrawn while the page is open cannot be approved`(withdrawal: Withdrawal) async throws {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            let (codes, browser) = (try await DeviceSteps(h: h).codes(), h.browser())
            let page = try await DeviceSteps(h: h).consent(codes.user, browser)
            #expect(page.isPage("consent"))
            try await withdrawal.apply(h)
            let answer = try await h.decide(browser, at: page)
            #expect(answer.status.code >= 400 && !answer.text.contains("Access approved"), "\(answer.text)")
            #expect(try await h.sessions().isEmpty)
            #expect(try await DeviceSteps(h: h).poll(codes).json["access_token"] == nil)
        }
    }

    @Test(arguments: Withdrawal.allCases)
    func `what is withdrawn before the device comes back is not issued`(withdrawal: Withdrawal) async throws {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            let codes = try await DeviceSteps(h: h).codes()
            try await DeviceSteps(h: h).approve(codes)
            try await withdrawal.apply(h)
            let answer = try await DeviceSteps(h: h).poll(codes)
            #expect(answer.error == withdrawal.refusal, "\(answer.text)")
            #expect(try await h.sessions().allSatisfy { $0.state != .active })
            let issued = try await h.gatehouse.store.read { try $0.audit.tail(limit: 100) }
            #expect(!issued.contains { $0.entry.action == .tokenIssued })
        }
    }

    @Test func `a withdrawn permission ends no session that began`() async throws {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            let codes = try await DeviceSteps(h: h).codes()
            try await DeviceSteps(h: h).approve(codes)
            let tokens = try await DeviceSteps(h: h).poll(codes).tokens
            try await Withdrawal.permission.apply(h)
            #expect(try await h.refresh(tokens.refresh, ["client_id": DeviceSteps.tool]).status == .ok)
        }
    }
}
