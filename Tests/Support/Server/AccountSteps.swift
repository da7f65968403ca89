import AuthorizationServer
package import HTTPTypes
package import HummingbirdTesting
import JOSE
import OAuth
package import Storage
import TestSupport

extension Harness {
    /// Opens the account page; signs in first when the page asks for it.
    package func account(
        _ browser: TestBrowser, as name: String = "ada", password: String = Harness.password
    ) async throws -> TestResponse {
        let page = try await browser.get("/account")
        guard page.input("interaction") != nil else { return page }
        return try await follow(browser, signIn(browser, at: page, as: name, password: password))
    }

    /// Submits the form of one button of the account page.
    package func step(
        _ browser: TestBrowser, at page: TestResponse, _ step: String, _ fields: [(String, String)] = [],
        headers: HTTPFields = [:]
    ) async throws -> TestResponse {
        try await browser.post(
            "/account", [("token", page.input("token") ?? ""), ("step", step)] + fields, headers: headers)
    }

    /// Follows a 303 to its location; returns any other answer unchanged.
    package func follow(_ browser: TestBrowser, _ answer: TestResponse) async throws -> TestResponse {
        guard answer.status == .seeOther, let location = answer.headers[.location] else { return answer }
        let path = location.dropFirst(gatehouse.settings.issuer.origin.count)
        return try await browser.get(String(path.prefix { $0 != "#" }))
    }

    /// The session as the database holds it now.
    package func stored(_ session: Session) async throws -> Session? {
        try await gatehouse.store.read { try $0.sessions.find(session.id) }
    }
}
