import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import TestSupport

@testable import Storage

/// The codes of a device.
struct DeviceCodes: Sendable {
    let device: String
    let user: String

    init(_ answer: TestResponse) {
        device = answer.json["device_code"]?.string ?? ""
        user = answer.json["user_code"]?.string ?? ""
    }
}

/// Steps of the device grant.
struct DeviceSteps: Sendable {
    /// The id of the client that `add` registers.
    static let tool = "tool"

    let h: Harness

    /// Registers a client that begins on devices, as `clients add --device` does.
    func add(
        _ id: String = tool, redirects: [String] = [], method: ClientAuthenticationMethod = .none
    ) async throws -> String? {
        let draft = ClientDraft(
            id: id, name: "Night Tool", redirectURIs: redirects, authMethod: method.rawValue, resources: [],
            usesDevice: true)
        return try await h.administer(.clients(.add(draft))).rows.first?["client_secret"]?.string
    }

    /// A request of a device. In `changes`, nil removes a parameter and a value replaces or adds one.
    func start(
        _ changes: [String: String?] = [:], basic: (String, String)? = nil
    ) async throws -> TestResponse {
        var form: [String: String] = [
            "client_id": Self.tool, "scope": "files:read", "resource": h.resource.identifier.string,
        ]
        for (name, value) in changes { form[name] = value }
        return try await h.send("/device_authorization", form.map { ($0.key, $0.value) }, basic: basic)
    }

    /// The codes of a request that must succeed.
    func codes(_ changes: [String: String?] = [:]) async throws -> DeviceCodes {
        DeviceCodes(try await start(changes))
    }

    /// Asks for the tokens of a device code.
    func poll(
        _ codes: DeviceCodes, _ changes: [String: String?] = [:], basic: (String, String)? = nil
    ) async throws -> TestResponse {
        var form: [String: String] = [
            "grant_type": GrantType.deviceCode.rawValue, "client_id": Self.tool, "device_code": codes.device,
        ]
        for (name, value) in changes { form[name] = value }
        return try await h.send("/token", form.map { ($0.key, $0.value) }, basic: basic)
    }

    /// Opens the page for codes; signs in if necessary.
    func page(
        _ browser: TestBrowser, query: String = "", as name: String = "ada"
    ) async throws -> TestResponse {
        let page = try await browser.get("/device" + query)
        guard page.input("interaction") != nil else { return page }
        return try await follow(h.signIn(browser, at: page, as: name), browser)
    }

    /// Types a code on the page.
    func enter(_ code: String, at page: TestResponse, _ browser: TestBrowser) async throws -> TestResponse {
        try await browser.post(
            "/device", [("token", page.input("token") ?? ""), ("user_code", code), ("step", "find")])
    }

    /// Presses a button of the page that shows who asks.
    func press(_ step: String, at page: TestResponse, _ browser: TestBrowser) async throws -> TestResponse {
        let form = ["token", "user_code"].map { ($0, page.input($0) ?? "") }
        return try await browser.post("/device", form + [("step", step)])
    }

    /// Follows the redirect of a response.
    func follow(_ answer: TestResponse, _ browser: TestBrowser) async throws -> TestResponse {
        guard answer.status == .seeOther, let location = answer.headers[.location] else { return answer }
        return try await browser.get(String(location.dropFirst(h.gatehouse.settings.issuer.string.count)))
    }

    /// Goes from a user code to the consent page.
    func consent(
        _ code: String, _ browser: TestBrowser, as name: String = "ada"
    ) async throws -> TestResponse {
        let review = try await enter(code, at: page(browser, as: name), browser)
        return try await follow(press("proceed", at: review, browser), browser)
    }

    /// Approves the request of a user code; returns the last page.
    @discardableResult
    func approve(
        _ codes: DeviceCodes, _ browser: TestBrowser? = nil, scopes: [String] = ["files:read"]
    ) async throws -> TestResponse {
        let browser = browser ?? h.browser()
        return try await h.decide(browser, at: consent(codes.user, browser), scopes: scopes)
    }

    /// The state of every request of a device, oldest first.
    func states() async throws -> [String] {
        try await h.gatehouse.store.read { tx in
            try tx.all("SELECT state FROM device_authorizations ORDER BY rowid") { try $0.text(0) }
        }
    }
}
