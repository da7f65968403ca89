import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import TestSupport
import Testing

@testable import Storage

@Suite("RFC 8628 the device grant")
struct DeviceFlowTests {
    @Test func `a device gets its tokens after its user approves in a browser elsewhere`() async throws {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            let started = try await DeviceSteps(h: h).start()
            #expect(started.status == .ok && started.headers[.cacheControl] == "no-store")
            #expect(started.json["verification_uri"] == "http://localhost/device")
            #expect(started.json["expires_in"] == 600 && started.json["interval"] == 5)
            let codes = DeviceCodes(started)
            #expect(try await DeviceSteps(h: h).poll(codes).error == "authorization_pending")
            let end = try await DeviceSteps(h: h).approve(codes)
            #expect(end.status == .ok && end.isPage("device-end") && end.text.contains("Access approved"))
            #expect(end.continuation == nil, "no address leads anywhere")
            let tokens = try await DeviceSteps(h: h).poll(codes)
            #expect(tokens.status == .ok && tokens.json["token_type"] == "Bearer", "\(tokens.text)")
            #expect(tokens.tokens.scope == "files:read" && tokens.tokens.refresh != nil)
            let session = try #require(try await h.sessions().first)
            #expect(
                session.state == .active && session.userID == h.user.id && session.clientID.string == DeviceSteps.tool)
            #expect(session.redirectURI == nil && session.binding == nil)
            #expect(tokens.claims["sid"]?.string == session.id.string)
            #expect(try await h.introspect(tokens.tokens.access)["active"] == true)
            let refreshed = try await h.refresh(tokens.tokens.refresh, ["client_id": DeviceSteps.tool])
            #expect(refreshed.status == .ok)
            #expect(try await DeviceSteps(h: h).states() == ["redeemed"])
        }
    }

    @Test func `the metadata names the endpoint and the grant`() async throws {
        try await Harness.run { h in
            let metadata = try await h.browser().get("/.well-known/oauth-authorization-server").json
            #expect(metadata["device_authorization_endpoint"] == "http://localhost/device_authorization")
            #expect(metadata["grant_types_supported"]?.strings?.contains(GrantType.deviceCode.rawValue) == true)
        }
    }

    @Test func `neither code stands in the database`() async throws {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            let codes = try await DeviceSteps(h: h).codes()
            let stored = try await h.gatehouse.store.read { tx in
                try tx.first("SELECT digest, user_code FROM device_authorizations") {
                    [try $0.digest(0), try $0.digest(1)]
                }
            }
            #expect(codes.device.hasPrefix("gate_d_") && codes.user.count == 9)
            #expect(stored?.first == .sha256(codes.device))
            for spelling in [codes.user, codes.user.filter { $0 != "-" }, codes.user.lowercased()] {
                #expect(stored?.last != .sha256(spelling), "a plain digest of 34 bits can be searched")
            }
        }
    }

    @Test func `a denial ends the request for good, on either page`() async throws {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            for isEarly in [true, false] {
                let (codes, browser) = (try await DeviceSteps(h: h).codes(), h.browser())
                let review = try await DeviceSteps(h: h).enter(codes.user, at: DeviceSteps(h: h).page(browser), browser)
                let end =
                    isEarly
                    ? try await DeviceSteps(h: h).press("deny", at: review, browser)
                    : try await h.decide(browser, at: DeviceSteps(h: h).consent(codes.user, browser), "deny")
                #expect(end.isPage("device-end") && end.text.contains("Access denied"))
                for _ in 0..<2 {
                    let answer = try await DeviceSteps(h: h).poll(codes)
                    #expect(answer.error == "access_denied" && answer.status == .badRequest)
                }
                let again = try await DeviceSteps(h: h).enter(codes.user, at: DeviceSteps(h: h).page(browser), browser)
                #expect(again.status == .badRequest && again.isPage("device"))
            }
            #expect(try await DeviceSteps(h: h).states() == ["denied", "denied"])
            #expect(try await h.sessions().isEmpty)
            let denials = try await h.gatehouse.store.read { try $0.audit.tail(limit: 20) }
                .filter { $0.entry.action == .accessDenied }
            #expect(denials.count == 2 && denials.allSatisfy { $0.entry.reason == "device grant" })
        }
    }

    @Test func `a device that asks too often gets slow_down, and each one adds five seconds`() async throws {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            let codes = try await DeviceSteps(h: h).codes()
            #expect(try await DeviceSteps(h: h).poll(codes).error == "authorization_pending")
            for (pause, error) in [
                (1, "slow_down"), (5, "slow_down"), (15, "authorization_pending"), (15, "authorization_pending"),
                (10, "slow_down"), (20, "authorization_pending"),
            ] as [(Int64, String)] {
                h.clock.advance(by: pause)
                let answer = try await DeviceSteps(h: h).poll(codes)
                #expect(answer.error == error && answer.status == .badRequest, "after \(pause) s: \(answer.text)")
            }
            try await DeviceSteps(h: h).approve(codes)
            #expect(try await DeviceSteps(h: h).poll(codes).status == .ok, "an approved device need not wait")
        }
    }

    @Test func `a device that asks without a pause writes once a second, and not at all at the longest interval`()
        async throws
    {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            let codes = try await DeviceSteps(h: h).codes()
            for _ in 0..<100 { _ = try await DeviceSteps(h: h).poll(codes) }
            let store = h.gatehouse.store
            #expect(try await store.read { try $0.devices.find(.sha256(codes.device))?.polling.interval } == 5)
            let longest = DevicePolling(interval: DevicePolling.longestInterval, lastAt: h.clock.now)
            try await store.write { try $0.devices.set(longest, of: .sha256(codes.device)) }
            h.clock.advance(by: 30)
            #expect(try await DeviceSteps(h: h).poll(codes).error == "slow_down")
            #expect(try await store.read { try $0.devices.find(.sha256(codes.device))?.polling } == longest)
        }
    }

    @Test func `both codes expire after ten minutes`() async throws {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            let (codes, browser) = (try await DeviceSteps(h: h).codes(), h.browser())
            let page = try await DeviceSteps(h: h).page(browser)
            let consent = try await DeviceSteps(h: h).consent(codes.user, browser)
            h.clock.advance(by: 600)
            #expect(try await DeviceSteps(h: h).poll(codes).error == "expired_token")
            #expect(try await DeviceSteps(h: h).enter(codes.user, at: page, browser).text.contains("No device waits"))
            let late = try await h.decide(browser, at: consent)
            #expect(late.status == .gone && late.text.contains("code of the device has expired"))
            #expect(try await h.sessions().isEmpty)
        }
    }

    @Test func `a device that approves late still has a minute, and one that never comes leaves an expired session`()
        async throws
    {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            let (first, second) = (try await DeviceSteps(h: h).codes(), try await DeviceSteps(h: h).codes())
            let browser = h.browser()
            let page = try await DeviceSteps(h: h).consent(second.user, browser)
            try await DeviceSteps(h: h).approve(first)
            h.clock.advance(by: 590)
            #expect(try await h.decide(browser, at: page).text.contains("Access approved"))
            h.clock.advance(by: 50)
            #expect(try await DeviceSteps(h: h).poll(first).error == "expired_token")
            #expect(try await DeviceSteps(h: h).poll(second).status == .ok)
            let now = h.clock.now
            _ = try await h.gatehouse.store.write { try $0.housekeep(now: now, limit: 100) }
            let sessions = try await h.sessions()
            #expect(sessions.map(\.state) == [.active, .expired] || sessions.map(\.state) == [.expired, .active])
            #expect(sessions.compactMap(\.endReason) == [.neverRedeemed])
            #expect(try await DeviceSteps(h: h).poll(first).error == "expired_token")
        }
    }

    @Test func `the user allows less than the device asked for`() async throws {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            let codes = try await DeviceSteps(h: h).codes(["scope": "files:read files:write"])
            try await DeviceSteps(h: h).approve(codes, scopes: ["files:write"])
            #expect(try await DeviceSteps(h: h).poll(codes).tokens.scope == "files:write")
        }
    }

    @Test func `a client with a secret and one with a key authenticate at both endpoints`() async throws {
        try await Harness.run { h in
            let secret = try #require(try await DeviceSteps(h: h).add(method: .clientSecretBasic))
            let basic = (DeviceSteps.tool, secret)
            #expect(try await DeviceSteps(h: h).start().error == "invalid_client")
            let codes = DeviceCodes(try await DeviceSteps(h: h).start(["client_id": nil], basic: basic))
            try await DeviceSteps(h: h).approve(codes)
            #expect(try await DeviceSteps(h: h).poll(codes).error == "invalid_client")
            #expect(
                try await DeviceSteps(h: h).poll(codes, ["client_id": nil], basic: (DeviceSteps.tool, "wrong")).error
                    == "invalid_client")
            #expect(try await DeviceSteps(h: h).states() == ["approved"], "a failed authentication uses nothing up")
            #expect(try await DeviceSteps(h: h).poll(codes, ["client_id": nil], basic: basic).status == .ok)
        }
        try await Harness.run { h in
            let key = AssertionKey()
            _ = try await h.gatehouse.register(DeviceSteps.tool, redirects: [Harness.redirect], key: key)
            try await h.administer(.clients(.allow(DeviceSteps.tool, allowsDevice: true)))
            func proven() throws -> [String: String?] {
                Dictionary(
                    uniqueKeysWithValues: try key.form(of: DeviceSteps.tool, now: h.clock.now).map { ($0.0, $0.1) })
            }
            let codes = DeviceCodes(try await DeviceSteps(h: h).start(try proven()))
            try await DeviceSteps(h: h).approve(codes)
            #expect(try await DeviceSteps(h: h).poll(codes).error == "invalid_client")
            let tokens = try await DeviceSteps(h: h).poll(codes, try proven())
            #expect(tokens.status == .ok, "\(tokens.text)")
            let refresh = tokens.tokens.refresh
            #expect(try await h.refresh(refresh, ["client_id": DeviceSteps.tool]).error == "invalid_client")
        }
    }

    @Test func `a session says that it began on a device, from where, and from where it was approved`() async throws {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            let form = try OAuth.Parameters(
                form: Array(FormText.encode([("client_id", DeviceSteps.tool), ("scope", "files:read")]).utf8))
            let answer = try await h.gatehouse.deviceAuthorization.answer(
                form, authorization: nil, address: "192.0.2.7")
            let json = try #require(answer.json.object)
            let browser = h.browser()
            let user = json["user_code"]?.string ?? ""
            let review = try await DeviceSteps(h: h).enter(user, at: DeviceSteps(h: h).page(browser), browser)
            #expect(review.text.contains("192.0.2.7") && review.text.contains(user))
            let consent = try await DeviceSteps(h: h).follow(
                DeviceSteps(h: h).press("proceed", at: review, browser), browser)
            #expect(consent.isPage("consent") && consent.text.contains("192.0.2.7") && consent.text.contains(user))
            #expect(consent.element("loopback") == nil && !consent.text.contains("Returns to"))
            _ = try await h.decide(browser, at: consent)
            let session = try #require(try await h.sessions().first)
            let shown = try await h.administer(.sessions(.show(session.id.string))).rows.first
            #expect(shown?["started_on"] == "device" && shown?["requested_from"] == "192.0.2.7")
            #expect(shown?["redirect_uri"] == .null)
            let account = try await browser.get("/account")
            #expect(account.text.contains("Started on a device") && account.text.contains("192.0.2.7"))
            let record = try #require(
                try await h.gatehouse.store.read { try $0.audit.tail(limit: 20) }
                    .first { $0.entry.action == .sessionApproved })
            #expect(record.entry.reason == "device grant" && record.entry.initiator == .human)
            #expect(record.entry.explanation == "requested by a device at 192.0.2.7")
        }
    }

    @Test func `other sessions say nothing of a device`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await h.tokens(browser)
            let session = try #require(try await h.sessions().first)
            let shown = try await h.administer(.sessions(.show(session.id.string))).rows.first
            #expect(shown?["started_on"] == nil)
            #expect(try await !browser.get("/account").text.contains("Started on a device"))
        }
    }
}
