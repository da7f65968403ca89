import AuthorizationServer
import HTTPTypes
import Hummingbird
import OAuth

/// Handlers of the device grant: the endpoint for devices, and the page for the users who type their codes.
///
/// The two have paths of their own, so that no request of a program can pass as one of a browser.
struct DeviceHandlers: Sendable {
    let gatehouse: Gatehouse
    let pipeline: RequestPipeline

    /// The route for devices.
    var forDevices: Route { .client(AdvertisedEndpoint.deviceAuthorization.path, .form(), start) }

    /// The routes of the page.
    var forPeople: [Route] {
        [.page(DeviceAuthorizationResponse.page, show), .form(DeviceAuthorizationResponse.page, submit)]
    }

    /// A redirect to the page with the field; with a code, the field is filled in.
    static func entry(of code: UserCode?, _ gatehouse: Gatehouse) -> Response {
        let page = gatehouse.settings.issuer.endpoint(DeviceAuthorizationResponse.page)
        return .seeOther(page + (code.map { "?user_code=\($0.shown)" } ?? ""))
    }

    /// `POST /device_authorization`: the codes for a device.
    private func start(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let response = try await gatehouse.deviceAuthorization.answer(
            TokenHandlers.form(request, body), authorization: request.authorization,
            address: pipeline.proxies.clientAddress(of: request, context: context))
        return .json(response.json)
    }

    /// `GET /device`: the page with the field, or the sign-in page.
    private func show(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let visitor = Visitor(request, context, pipeline: pipeline)
        let parameters = try OAuth.Parameters(query: request.uri.query ?? "")
        let view = try await gatehouse.devicePage.show(try parameters.value(.userCode), browser: visitor.browser)
        return visitor.addingCookie(to: try await present(view))
    }

    /// `POST /device`: looks up the code, goes on to the consent page, or denies the request.
    private func submit(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let visitor = Visitor(request, context, pipeline: pipeline)
        let view = try await gatehouse.devicePage.submit(try OAuth.Parameters(form: body), browser: visitor.browser)
        return visitor.addingCookie(to: try await present(view))
    }

    private func present(_ view: DevicePageEndpoint.View) async throws -> Response {
        switch view {
        case .signIn(let prompt):
            return try await SignInDoor(gatehouse: gatehouse, pipeline: pipeline).html(SignInPage(prompt))
        case .entry(let entry, let problem):
            let page = DevicePage(entry, problem: problem)
            guard case .wait(let seconds) = problem else {
                return pipeline.answers.html(page, status: problem == nil ? .ok : .badRequest)
            }
            var response = pipeline.answers.html(page, status: .tooManyRequests)
            response.headers[.retryAfter] = "\(seconds)"
            return response
        case .review(let review): return pipeline.answers.html(DeviceRequestPage(review))
        case .consent(let id): return .seeOther(gatehouse.settings.issuer.endpoint("/consent?interaction=\(id)"))
        case .denied: return pipeline.answers.html(DeviceEndPage(.denied))
        }
    }
}
