import AuthorizationServer
import HTTPTypes
package import Hummingbird
package import JOSE
import NIOCore
package import OAuth

/// Turns errors into HTTP responses: status, challenge, caching, and JSON or page. No other code decides these.
///
/// Spec: RFC 6749 §5.2
/// Spec: RFC 9110 §15.5
package struct ErrorAnswers: Sendable {
    private let renderer: PageRenderer
    /// The log that receives the reason of each refusal.
    let log: RefusalLog

    package init(renderer: PageRenderer, log: RefusalLog = .silent) {
        self.renderer = renderer
        self.log = log
    }

    /// The response to an error that a handler or a check threw.
    ///
    /// An error of an unknown type becomes `server_error`. Its cause goes only to the log, because it may contain internals.
    package func response(to error: any Error, request: Request, context: WebContext) -> Response {
        // The audience of the route decides. `Accept` decides only where no route exists.
        let asPage = context.audience?.readsPages ?? Self.prefersPage(request)
        switch error {
        case let refusal as Refusal:
            return response(to: refusal, asPage: asPage, context: context)
        case let error as OAuthError:
            guard asPage else {
                let status = Self.status(of: error.code, for: context.audience)
                log.refused(error, status: status, context, request: request)
                let challenges = context.audience?.alwaysChallenges ?? false
                var response = json(error, usedBasic: challenges || Self.usedBasic(request), status: status)
                if error.code == .invalidToken {
                    response.headers[.wwwAuthenticate] = Self.bearerChallenge(to: request)
                }
                return response
            }
            logRefusal(error, context)
            return page(for: error, context: context)
        default:
            // A client that hung up cancels its request, and with it a read: nothing failed, and nobody reads the answer.
            guard !Task.isCancelled, !(error is CancellationError) else { return Response(status: .serviceUnavailable) }
            log.failed(error, context)
            let error =
                OAuthError(failureOf: error)
                ?? OAuthError(.serverError, "The server failed. Try again in a moment.")
            return asPage ? page(for: error, context: context) : json(error, usedBasic: false)
        }
    }

    /// An error as the JSON object of OAuth, with additional `members`. `usedBasic` adds a challenge to a 401.
    package func json(
        _ error: OAuthError, usedBasic: Bool, adding members: JSONObject = [:], status: HTTPResponse.Status? = nil
    ) -> Response {
        var response = Self.json(
            status: status ?? Self.status(of: error.code), error.code.rawValue, error.description, members)
        if error.code == .invalidClient, usedBasic {
            response.headers[.wwwAuthenticate] = "Basic realm=\"gatehouse\", charset=\"UTF-8\""
        }
        response.headers[.retryAfter] = error.retryAfter.map(String.init) ?? Self.patience(after: error.code)
        response.headers[FieldNames.proofNonce] = error.nonce
        return response
    }

    /// An error as a page, for errors that must not be sent to a redirect URI.
    package func page(for error: OAuthError, context: WebContext) -> Response {
        let isOurs = Self.isOurs(error)
        let page = ErrorPage(
            title: isOurs ? "Something went wrong" : "Request failed",
            explanation: PlainText(error.description, limit: 500),
            advice: isOurs
                ? "Try again in a moment. Nothing was approved."
                : error.saysWhatToDo
                    ? "Nothing was approved."
                    : "Return to the app, cancel there, and start again. Nothing was approved.",
            reference: context.reference)
        var response = html(page, status: Self.pageStatus(of: error))
        if error.code == .temporarilyUnavailable { response.headers[.retryAfter] = "5" }
        return response
    }

    /// The page for an authorization request that expired.
    func expired(back: String?, context: WebContext) -> Response {
        log.refused("the authorization request has expired", status: .gone, context)
        return html(ExpiredPage(back: back.flatMap { LinkTarget($0) }, reference: context.reference), status: .gone)
    }

    private static func isOurs(_ error: OAuthError) -> Bool {
        error.code == .serverError || error.code == .temporarilyUnavailable
    }

    private static func pageStatus(of error: OAuthError) -> HTTPResponse.Status {
        isOurs(error) ? status(of: error.code) : .badRequest
    }

    /// The response that shows a page.
    package func html(_ page: some Page, status: HTTPResponse.Status = .ok) -> Response {
        var response = Response(
            status: status, headers: [.contentType: "text/html; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: renderer.render(page))))
        if type(of: page).hasForm { response.headers[FieldNames.referrerPolicy] = "same-origin" }
        return response
    }

    /// The challenge for a bearer token; it names an error only if the request has credentials.
    private static func bearerChallenge(to request: Request) -> String {
        "Bearer realm=\"gatehouse\"" + (request.authorization == nil ? "" : ", error=\"invalid_token\"")
    }

    /// The value of `Retry-After` in seconds, for errors that pass.
    private static func patience(after code: OAuthError.Code) -> String? {
        switch code {
        case .temporarilyUnavailable: "5"
        case .tooManyRequests: "60"
        case .invalidRequest, .invalidClient, .invalidGrant, .unauthorizedClient, .unsupportedGrantType,
            .unsupportedResponseType, .invalidScope, .invalidTarget, .accessDenied, .loginRequired, .consentRequired,
            .unmetAuthenticationRequirements, .invalidSubjectToken, .noUser, .unsupportedKind, .notFound,
            .idempotencyConflict, .notCompleted, .notRedeemed, .sessionEnded, .alreadyCollected, .serverError,
            .invalidRedirectURI, .invalidClientMetadata, .invalidToken, .requestNotSupported, .requestURINotSupported,
            .invalidRequestURI, .invalidDPoPProof, .useDPoPNonce, .authorizationPending, .slowDown, .expiredToken:
            nil
        }
    }

    /// The status of an error code at a route. The token endpoint answers a denial of the user with 400, as every error but a failed
    /// authentication; MCP servers get 403 for what they may not do.
    private static func status(of code: OAuthError.Code, for audience: Audience?) -> HTTPResponse.Status {
        audience == .client && code == .accessDenied ? .badRequest : status(of: code)
    }

    /// The status of an error code. Only failed authentication gets 401, and only failures of the server get 5xx.
    package static func status(of code: OAuthError.Code) -> HTTPResponse.Status {
        switch code {
        case .invalidClient, .invalidToken: .unauthorized
        case .noUser, .unsupportedKind, .accessDenied: .forbidden
        case .notFound: .notFound
        case .notCompleted, .sessionEnded, .idempotencyConflict, .notRedeemed: .conflict
        case .alreadyCollected: .gone
        case .tooManyRequests: .tooManyRequests
        case .serverError: .internalServerError
        case .temporarilyUnavailable: .serviceUnavailable
        case .invalidRequest, .invalidGrant, .unauthorizedClient, .unsupportedGrantType, .unsupportedResponseType,
            .invalidScope, .invalidTarget, .loginRequired, .consentRequired, .unmetAuthenticationRequirements,
            .invalidSubjectToken, .invalidRedirectURI, .invalidClientMetadata, .requestNotSupported,
            .requestURINotSupported, .invalidRequestURI, .invalidDPoPProof, .useDPoPNonce, .authorizationPending,
            .slowDown, .expiredToken:
            .badRequest
        }
    }

    private func response(to refusal: Refusal, asPage: Bool, context: WebContext) -> Response {
        let (status, sentence) = Self.words(for: refusal)
        log.refused(sentence, status: status, context)
        guard asPage else { return Self.json(refusal) }
        let title: PlainText = status == .notFound ? "Page not found" : "Request failed"
        var response = html(
            ErrorPage(
                title: title, explanation: PlainText(sentence),
                advice: "Return to the app or to the page that you came from.", reference: context.reference),
            status: status)
        Self.mark(&response, refusal)
        return response
    }

    /// A refusal as JSON.
    static func json(_ refusal: Refusal) -> Response {
        let (status, sentence) = words(for: refusal)
        var response = json(status: status, "invalid_request", sentence)
        mark(&response, refusal)
        return response
    }

    private static func mark(_ response: inout Response, _ refusal: Refusal) {
        switch refusal {
        case .wrongMethod(let allowed): response.headers[.allow] = allowed
        // The end of the message is unknown, and so is the start of the next one on this connection.
        case .malformedMessage: response.headers[.connection] = "close"
        case .malformedTarget, .foreignHost, .unknownPath, .targetTooLong, .bodyTooLarge, .notAForm, .notJSON,
            .crossSite:
            break
        }
    }

    private static func words(for refusal: Refusal) -> (HTTPResponse.Status, String) {
        switch refusal {
        case .malformedMessage:
            (.badRequest, "The request is malformed. Send well-formed HTTP/1.1.")
        case .malformedTarget: (.badRequest, "Send exactly one Host header and a path as the request target.")
        case .foreignHost: (.badRequest, "This server does not serve that host. Use the address of the issuer.")
        case .unknownPath: (.notFound, "This path does not exist. Check the address.")
        case .wrongMethod(let allowed): (.methodNotAllowed, "This path does not support the method. Use \(allowed).")
        case .targetTooLong: (.uriTooLong, "The request target is too long. Send fewer or shorter parameters.")
        case .bodyTooLarge: (.contentTooLarge, "The request body is too large. Send at most 64 KiB.")
        case .notAForm: (.badRequest, "Send a form with the content type application/x-www-form-urlencoded.")
        case .notJSON: (.badRequest, "Send a JSON object with the content type application/json.")
        case .crossSite: (.forbidden, "Another site sent this form. Open the page here and send the form again.")
        }
    }

    private static func json(
        status: HTTPResponse.Status, _ code: String, _ sentence: String, _ more: JSONObject = [:]
    ) -> Response {
        var body: JSONObject = ["error": .string(code), "error_description": .string(sentence)]
        for (name, value) in more.members { body[name] = value }
        return Response(
            status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body.bytes)))
    }

    /// Logs the reason of a refusal; `status` defaults to the status of the error page.
    func logRefusal(_ error: OAuthError, _ context: WebContext, status: HTTPResponse.Status? = nil) {
        log.refused(error, status: status ?? Self.pageStatus(of: error), context)
    }

    private static func prefersPage(_ request: Request) -> Bool {
        request.headers[.accept]?.contains("text/html") ?? false
    }

    private static func usedBasic(_ request: Request) -> Bool {
        request.headers[.authorization]?.lowercased().hasPrefix("basic ") ?? false
    }
}
