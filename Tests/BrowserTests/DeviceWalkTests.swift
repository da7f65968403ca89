import JOSE
import TestSupport
import Testing

/// A user with Chromium types the code of a device. No page script runs.
@Suite("In the browser: the code of a device")
struct DeviceWalkTests {
    private static let grant = "urn:ietf:params:oauth:grant-type:device_code"

    /// Registers a client that begins on devices and lets it start.
    private func start(_ house: House) async throws -> (client: String, codes: JSONObject) {
        let added = try await house.gatehouse.object(["clients", "add", "--name", "Night Tool", "--device"])
        let client = added["client_id"]?.string ?? ""
        let answer = try await house.gatehouse.http.post(
            "/device_authorization", form: ["client_id": client, "resource": house.resource, "scope": "files:read"])
        #expect(answer.status == 200)
        return (client, try JSONObject(parsing: Array(answer.text.utf8)))
    }

    private func poll(_ house: House, _ client: String, _ codes: JSONObject) async throws -> JSONObject {
        let answer = try await house.gatehouse.http.post(
            "/token",
            form: [
                "grant_type": Self.grant, "client_id": client, "device_code": codes["device_code"]?.string ?? "",
            ])
        return try JSONObject(parsing: Array(answer.text.utf8))
    }

    @Test func `the link of a device leads over sign-in, the code and consent to its tokens`() async throws {
        try await House.play { house in
            let (client, codes) = try await start(house)
            let user = codes["user_code"]?.string ?? ""
            try await house.browser.open()
            let first = try await house.browser.go(to: codes["verification_uri_complete"]?.string ?? "")
            #expect(first.fields.contains("username") && !first.text.contains("Night Tool"))
            let entry = try await house.browser.signIn()
            #expect(
                entry.fields.contains("user_code") && entry.unlabelled.isEmpty && !entry.text.contains("Night Tool"))
            let review = try await house.browser.press("button[value=find]")
            #expect(review.text.contains(user) && review.text.contains("127.0.0.1") && review.overflow <= 0)
            #expect(review.text.contains("deny the request"))
            let consent = try await house.browser.press("button[value=proceed]")
            #expect(consent.fields.contains("decision") && consent.text.contains(user))
            let end = try await house.browser.press(Browser.approve)
            #expect(end.title.contains("Access approved") && end.complaints.isEmpty)
            #expect(try await poll(house, client, codes)["token_type"] == "Bearer")
            let account = try await house.browser.go(to: house.gatehouse.issuer + "/account")
            #expect(account.text.contains("Started on a device"))
        }
    }

    @Test func `a wrong code and a denial lead nowhere`() async throws {
        try await House.play { house in
            let (client, codes) = try await start(house)
            try await house.browser.open(width: 360)
            _ = try await house.browser.go(to: codes["verification_uri"]?.string ?? "")
            _ = try await house.browser.signIn()
            try await house.browser.fill("user_code", "WDJB-MJHT")
            let wrong = try await house.browser.press("button[value=find]")
            #expect(wrong.text.contains("No device waits with this code") && wrong.overflow <= 0)
            try await house.browser.fill("user_code", (codes["user_code"]?.string ?? "").lowercased())
            let review = try await house.browser.press("button[value=find]")
            #expect(review.text.contains("Is this your device?") && review.overflow <= 0)
            let end = try await house.browser.press("button[value=deny]")
            #expect(end.title.contains("Access denied"))
            #expect(try await poll(house, client, codes)["error"] == "access_denied")
        }
    }
}
