import AuthorizationServer
import HTTPTypes
import Hummingbird
import JOSE

/// The browser that sent a request, and the cookie that the response must set if the browser has none.
struct Visitor: Sendable {
    let browser: Browser
    /// The value of `Set-Cookie` for a browser without a usable cookie; nil if the browser has one.
    let newCookie: String?

    /// The cookie that each browser gets. Forms are bound to it, so that a form is valid only in the browser that received it.
    private static let visitorCookie = "gatehouse-browser"
    /// The cookie of a signed-in user. It ends with the browser, and its login on the server expires earlier.
    private static let signInCookie = "gatehouse"
    /// 400 days in seconds, the longest time for which browsers keep a cookie.
    private static let visitorAge: Int64 = 400 * 86_400

    init(_ request: Request, _ context: WebContext, pipeline: RequestPipeline) {
        let sent = pipeline.cookies.value(of: Self.visitorCookie, in: request).flatMap { value in
            Base64URL.decode(value)?.count == 32 ? value : nil
        }
        let value = sent ?? Random.token()
        let signIn = pipeline.cookies.value(of: Self.signInCookie, in: request).flatMap(Base64URL.decode)
        browser = Browser(
            binding: .sha256(value), signIn: signIn.map(Digest.sha256),
            address: pipeline.proxies.clientAddress(of: request, context: context), reference: context.reference)
        newCookie = sent == nil ? pipeline.cookies.setting(Self.visitorCookie, to: value, maxAge: Self.visitorAge) : nil
    }

    /// The response with the cookie that the browser lacks.
    func addingCookie(to response: Response) -> Response {
        guard let newCookie else { return response }
        return response.setting(cookie: newCookie)
    }

    /// The value of `Set-Cookie` that signs this browser out.
    static func signedOut(rules: CookieRules) -> String { rules.clearing(signInCookie) }

    /// The value of `Set-Cookie` that signs this browser in.
    static func signedIn(_ secret: Secret, rules: CookieRules) -> String {
        rules.setting(signInCookie, to: Base64URL.encode(secret.bytes))
    }
}

extension Response {
    /// The same response with one more `Set-Cookie`.
    func setting(cookie: String) -> Response {
        var response = self
        response.headers.append(HTTPField(name: .setCookie, value: cookie))
        return response
    }
}
