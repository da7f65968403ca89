import AuthorizationServer
import HTTPTypes
import Hummingbird
import JOSE

/// The browser behind a request, and the cookie that it still has to be given.
struct Visitor: Sendable {
    let browser: Browser
    /// The value of `Set-Cookie` for a browser that came without a usable cookie.
    let greeting: String?

    /// The cookie that every browser gets: what a page hands back is bound to it.
    private static let visitorCookie = "gatehouse-browser"
    /// The cookie of a person who signed in; it ends with the browser, and on the server long before.
    private static let signInCookie = "gatehouse"
    /// As long as browsers keep a cookie at all.
    private static let visitorAge: Int64 = 400 * 86_400

    init(_ request: Request, _ context: WebContext, door: RequestPipeline) {
        let sent = door.cookies.value(of: Self.visitorCookie, in: request).flatMap { value in
            Base64URL.decode(value)?.count == 32 ? value : nil
        }
        let value = sent ?? Random.token()
        let signIn = door.cookies.value(of: Self.signInCookie, in: request).flatMap(Base64URL.decode)
        browser = Browser(
            binding: .sha256(value), signIn: signIn.map(Digest.sha256),
            address: door.proxies.clientAddress(of: request, context: context), reference: context.reference)
        greeting = sent == nil ? door.cookies.setting(Self.visitorCookie, to: value, maxAge: Self.visitorAge) : nil
    }

    /// Gives the browser what it still lacks.
    func greet(_ response: Response) -> Response {
        guard let greeting else { return response }
        return response.setting(cookie: greeting)
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
