import HTTPTypes
import Hummingbird
import OAuth
import ServerSupport
import TestSupport
import Testing

@testable import Web

@Suite("RFC 6749 §5.2 Errors in HTTP")
struct ErrorAnswersTests {
    @Test(arguments: [
        (OAuthError.Code.invalidRequest, 400), (.invalidGrant, 400), (.unauthorizedClient, 400),
        (.unsupportedGrantType, 400), (.invalidScope, 400), (.invalidTarget, 400), (.invalidClient, 401),
        (.serverError, 500), (.temporarilyUnavailable, 503),
    ])
    func `every error code has its status, and no error response is cacheable`(code: OAuthError.Code, status: Int)
        throws
    {
        let response = try TestRoutes().pipeline.answers.json(OAuthError(code, "A sentence."), usedBasic: false)
        #expect(response.status.code == status)
        #expect(response.headers[.cacheControl] == "no-store")
        #expect(response.headers[.contentType] == "application/json")
        #expect(response.headers[.wwwAuthenticate] == nil)
        #expect((response.headers[.retryAfter] != nil) == (status == 503))
    }

    @Test func `a client that used Basic is challenged for Basic`() throws {
        let answers = try TestRoutes().pipeline.answers
        let response = answers.json(OAuthError(.invalidClient, "A sentence."), usedBasic: true)
        #expect(response.headers[.wwwAuthenticate]?.hasPrefix("Basic ") ?? false)
        let other = answers.json(OAuthError(.invalidGrant, "A sentence."), usedBasic: true)
        #expect(other.headers[.wwwAuthenticate] == nil)
    }

    @Test func `RFC 9110 §15.5 an unknown path is answered in JSON for programs and with a page for browsers`()
        async throws
    {
        let (json, text) = try await TestRoutes().ask(.get, "/nothing")
        #expect(json.headers[.contentType] == "application/json")
        #expect(text.contains("\"error\":\"invalid_request\""))
        let (page, html) = try await TestRoutes().ask(.get, "/nothing", headers: [.accept: "text/html"])
        #expect(page.headers[.contentType] == "text/html; charset=utf-8")
        #expect(page.status == .notFound && html.contains("<main id=\"error-page\""))
    }

    @Test func `a client that hangs up leaves no error line`() async throws {
        let routes = try TestRoutes()
        let (response, _) = try await routes.ask(.get, "/hung-up")
        #expect(response.status == .serviceUnavailable)
        #expect(!routes.log.lines.contains { $0.hasPrefix("error") }, "\(routes.log.lines)")
        _ = try await routes.ask(.get, "/broken")
        #expect(routes.log.lines.contains { $0.hasPrefix("error") })
    }

    @Test func `an unexpected failure is server_error, and its cause stays in the log`() async throws {
        let routes = try TestRoutes()
        let (response, text) = try await routes.ask(.get, "/broken")
        #expect(response.status == .internalServerError)
        #expect(text.contains("<main id=\"error-page\""))
        #expect(!text.contains("Cocoa"))
        #expect(routes.log.lines.contains { $0.contains("CocoaError") })
    }

    @Test func `the private reason of an error is never sent`() throws {
        let error = OAuthError(.invalidGrant, "The code is not good.", reason: "canary")
        let response = try TestRoutes().pipeline.answers.json(error, usedBasic: false)
        #expect(!"\(response)".contains("canary"))
    }
}
