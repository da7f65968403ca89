import JOSE
import Testing

@testable import OAuth

@Suite("RFC 8628 values")
struct DeviceValueTests {
    private let start = Timestamp(seconds: 1_000_000)

    @Test func `the response has the members of the specification, and both addresses lead to the page`() throws {
        let (device, user) = (DeviceCode.random(), try #require(UserCode("WDJB-MJHT")))
        let response = DeviceAuthorizationResponse(
            deviceCode: device, userCode: user, issuer: try Issuer("https://auth.example/t1"), expiresIn: 1800)
        let body = try #require(response.json.object)
        #expect(
            body.members.map(\.name) == [
                "device_code", "user_code", "verification_uri", "verification_uri_complete", "expires_in", "interval",
            ])
        #expect(body["device_code"]?.string == device.reveal() && body["user_code"] == "WDJB-MJHT")
        #expect(body["verification_uri"] == "https://auth.example/t1/device")
        #expect(body["verification_uri_complete"] == "https://auth.example/t1/device?user_code=WDJB-MJHT")
        #expect(body["expires_in"] == 1800 && body["interval"] == 5)
        #expect(!"\(response)".contains("WDJB"))
    }

    @Test func `a device code has 256 random bits behind a prefix of its own`() {
        let text = DeviceCode.random().reveal()
        #expect(text.hasPrefix("gate_d_") && DeviceCode(text)?.reveal() == text)
        #expect(DeviceCode(String(text.dropLast())) == nil && DeviceCode("gate_c_" + text.dropFirst(7)) == nil)
        #expect(DeviceCode.random() != DeviceCode.random())
    }

    @Test func `each request that comes too early adds five seconds for the rest of the code's life`() {
        var polling = DevicePolling()
        #expect(polling.interval == 5 && !polling.isTooEarly(at: start))
        polling = polling.counting(at: start)
        for (seconds, isEarly, interval) in [
            (5, false, 5), (6, true, 10), (16, false, 10), (18, true, 15), (33, false, 15),
        ]
            as [(Int64, Bool, Int64)]
        {
            let now = start + seconds
            #expect(polling.isTooEarly(at: now) == isEarly, "after \(seconds) s")
            polling = polling.counting(at: now)
            #expect(polling.interval == interval && polling.lastAt == now, "after \(seconds) s")
        }
    }

    @Test func `the interval grows up to the life of a code, and a clock that was set back makes no request early`() {
        var polling = DevicePolling()
        for _ in 0..<500 { polling = polling.counting(at: start) }
        #expect(polling.interval == 600)
        #expect(!polling.isTooEarly(at: start - 1) && polling.isTooEarly(at: start + 598))
        #expect(!polling.isTooEarly(at: start + 599))
    }

    @Test func `scope and resource are read as at the authorization endpoint`() throws {
        let request = try DeviceAuthorizationRequest(
            form([("scope", "files:read offline_access"), ("resource", "https://files.example/mcp"), ("other", "x")]))
        #expect(request.scope?.string == "files:read")
        #expect(request.resource?.string == "https://files.example/mcp")
        let empty = try DeviceAuthorizationRequest(form([]))
        #expect(empty.scope == nil && empty.resource == nil)
        for pairs in [
            [("scope", "a\u{7F}")], [("scope", "a"), ("scope", "b")], [("resource", "not a URL")],
            [("resource", "https://a.example"), ("resource", "https://b.example")],
        ] {
            #expect(refusal { try DeviceAuthorizationRequest(form(pairs)) } != nil, "\(pairs)")
        }
    }
}
