import AuthorizationServer
import HTTPTypes
import Hummingbird
import OAuth

/// Renders the sign-in page with the ways to sign in that exist now, wherever a request needs it.
struct SignInDoor: Sendable {
    let gatehouse: Gatehouse
    let pipeline: RequestPipeline

    /// The response that shows the page. With `choosesPassword`, it asks for the password whatever domain the name has: the user chose
    /// it, or tried one.
    func html(
        _ page: SignInPage, status: HTTPResponse.Status = .ok, choosesPassword: Bool = false
    ) async throws -> Response {
        let offer = try await gatehouse.signInWays.offer(
            on: page.token.description, name: page.username?.description, choosesPassword: choosesPassword)
        return pipeline.answers.html(page.offering(offer), status: status)
    }

    /// The response that shows the page for another account, with 403.
    func html(_ page: WrongAccountPage) async throws -> Response {
        pipeline.answers.html(
            try await page.offering(password: password, providers: providers()), status: .forbidden)
    }

    private var password: Bool { gatehouse.settings.signIn.password }

    private func providers() async throws -> [PlainText] {
        try await gatehouse.upstreamSignIn.offered().map { PlainText($0.string) }
    }
}
