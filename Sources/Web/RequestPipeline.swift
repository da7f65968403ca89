package import AuthorizationServer
import Hummingbird
package import OAuth

/// The checks in front of the main listener's routes, in the order that is policy, and what the handlers share.
package struct RequestPipeline: Sendable {
    /// Pages, error answers and cookies, which handlers need as well.
    package let renderer: PageRenderer
    package let answers: ErrorAnswers
    package let cookies: CookieRules
    package let proxies: ProxyTrust
    package let counters: RequestCounters
    private let witness: ProxyWitness
    private let issuer: Issuer
    private let log: RefusalLog
    private let names: HostNames
    private let backChannel: BackChannel

    package init(
        issuer: Issuer, renderer: PageRenderer, proxies: ProxyTrust, counters: RequestCounters = RequestCounters(),
        witness: ProxyWitness = ProxyWitness(), backChannel: BackChannel? = nil, log: RefusalLog = .silent
    ) {
        self.backChannel = backChannel ?? BackChannel(hosts: [], isEncrypted: false, proxies: proxies)
        names = HostNames(host: issuer.host, port: issuer.port, isHTTPS: issuer.isHTTPS)
        self.issuer = issuer
        self.renderer = renderer
        self.proxies = proxies
        self.counters = counters
        self.witness = witness
        self.log = log
        answers = ErrorAnswers(renderer: renderer, log: log)
        cookies = CookieRules(isHTTPS: issuer.isHTTPS, port: issuer.port)
    }

    /// Answers by these routes, with every check in front of each.
    package func responder(_ routes: [Route]) -> RouteResponder {
        RouteResponder(
            routes,
            checks: [
                // Counted and headed first, so that refusals are as well.
                RequestLog(counters: counters, witness: witness, log: log),
                SecurityHeaders(isHTTPS: issuer.isHTTPS),
                // Outside of the catcher, because scripts may read the errors of what is open to them.
                CrossOrigin(),
                ErrorCatcher(answers: answers),
                // What can be read at all, who is meant, what is meant, and only then who sends it.
                MessageForm(),
                HostCheck.issuer(names, backChannel: backChannel),
                StrictPath(),
                Preflight(),
                SameOrigin(origin: issuer.origin),
            ])
    }

    /// Whether a request came under a host of the back channel, where only MCP servers are answered.
    func isOnBackChannel(_ request: Request) -> Bool {
        guard let host = request.head.authority else { return false }
        return backChannel.hosts.contains(host) && !names.contains(host)
    }

    /// The one stylesheet of all pages.
    func stylesheet(_ request: Request, _ context: WebContext, _ body: [UInt8]) -> Response {
        renderer.stylesheet.response(to: request)
    }
}
