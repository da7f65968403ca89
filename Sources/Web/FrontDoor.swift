package import Hummingbird
package import OAuth

/// The main listener's router with every check in place, in the order that is policy.
package struct FrontDoor: Sendable {
    /// Pages, error answers and cookies, which handlers need as well.
    package let renderer: PageRenderer
    package let answers: ErrorAnswers
    package let cookies: CookieRules
    package let proxies: ProxyTrust
    package let counters: RequestCounters
    private let witness: ProxyWitness
    private let issuer: Issuer
    private let openPaths: OpenPaths
    private let formPaths: FormPaths

    /// `openPaths` are those that scripts of any origin may use, `formPaths` those that take a person's forms.
    package init(
        issuer: Issuer, renderer: PageRenderer, proxies: ProxyTrust, counters: RequestCounters = RequestCounters(),
        witness: ProxyWitness = ProxyWitness(), openPaths: OpenPaths, formPaths: FormPaths
    ) {
        self.issuer = issuer
        self.renderer = renderer
        self.proxies = proxies
        self.counters = counters
        self.witness = witness
        self.openPaths = openPaths
        self.formPaths = formPaths
        answers = ErrorAnswers(renderer: renderer)
        cookies = CookieRules(isHTTPS: issuer.isHTTPS)
    }

    /// A router that serves the stylesheet and nothing else yet. Routes are added after the checks, so all pass them.
    package func router() -> Router<WebContext> {
        let router = Router(context: WebContext.self, options: .autoGenerateHeadEndpoints)
        // Counted and headed first, so that refusals are as well.
        router.add(middleware: RequestLog(counters: counters, witness: witness))
        router.add(middleware: SecurityHeaders(isHTTPS: issuer.isHTTPS))
        // Outside of the catcher, because scripts may read the errors of what is open to them.
        router.add(middleware: CrossOrigin(openPaths))
        router.add(middleware: ErrorCatcher(answers: answers))
        // Who is meant, what is meant, and only then who sends it.
        router.add(middleware: HostCheck(host: issuer.host, port: issuer.port, isHTTPS: issuer.isHTTPS))
        router.add(middleware: StrictPath())
        router.add(middleware: Preflight(openPaths))
        router.add(middleware: SameOrigin(origin: issuer.origin, formPaths: formPaths))
        router.get(RouterPath(issuer.path + Stylesheet.path)) { [stylesheet = renderer.stylesheet] request, _ in
            stylesheet.response(to: request)
        }
        return router
    }
}
