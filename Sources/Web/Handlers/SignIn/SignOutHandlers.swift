import AuthorizationServer
import HTTPTypes
import Hummingbird
import JOSE
import OAuth

/// Handlers of the sign-out at an identity provider.
struct SignOutHandlers: Sendable {
    let gatehouse: Gatehouse
    let pipeline: RequestPipeline

    /// The route to which a provider sends the browser back.
    var routes: [Route] { [.page("/sign-in/{provider}/signed-out", comeBack)] }

    /// The page after a sign-out here, which offers the one at the provider. The user has already been signed out here, so that
    /// nothing at the provider can prevent it.
    func offer(_ provider: ProviderSignOut, after notice: AccountNotice, _ visitor: Visitor) throws -> Response {
        // The state is the sealed notice itself: it shows in this browser alone, and only for a moment.
        let back = "You are signed out here, and back from \(provider.provider)."
        let state = try gatehouse.account.seal(notice: back, for: nil, in: visitor.browser)
        let address = provider.address(from: gatehouse.settings.issuer, state: state)
        let response =
            if let target = LinkTarget(address) {
                pipeline.answers.html(
                    SignedOutPage(
                        notice: PlainText(notice.sentence), provider: PlainText(provider.provider.string), link: target)
                )
            } else {
                try gatehouse.toAccount(notice: notice.sentence, nil, visitor)
            }
        return response.setting(cookie: Visitor.signedOut(rules: pipeline.cookies))
    }

    /// `GET /sign-in/{provider}/signed-out`: on to the account page, which shows the notice if the state is this browser's.
    private func comeBack(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let state = try OAuth.Parameters(query: request.uri.query ?? "").value(.state)
        guard let state, Base64URL.decode(state) != nil else {
            return .seeOther(gatehouse.settings.issuer.endpoint("/account"))
        }
        return .seeOther(gatehouse.settings.issuer.endpoint("/account?notice=\(state)#notice"))
    }
}
