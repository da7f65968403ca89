package import AuthorizationServer
import Hummingbird
package import OAuth

/// The checks that each request to the main listener passes before its handler runs, and the services that handlers share.
///
/// The order of the checks is policy: each one relies on what the earlier ones have established.
package struct RequestPipeline: Sendable {
    /// Renders pages; handlers use it as well as the error answers and the cookie rules.
    package let renderer: PageRenderer
    /// Turns errors into responses.
    package let answers: ErrorAnswers
    /// Names and writes the cookies of this issuer.
    package let cookies: CookieRules
    /// Finds the address of a client, for throttling and audit records.
    package let proxies: ProxyTrust
    /// Counts requests for the metrics.
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

    /// A responder that serves these routes behind all checks.
    package func responder(_ routes: [Route]) -> RouteResponder {
        RouteResponder(
            routes,
            checks: [
                // The first two wrap everything else, so that refusals are counted and get security headers too.
                RequestLog(counters: counters, witness: witness, log: log),
                SecurityHeaders(isHTTPS: issuer.isHTTPS),
                // Outside of the error catcher, because scripts may read the errors of routes that are open to scripts.
                CrossOrigin(),
                ErrorCatcher(answers: answers),
                // First whether the message is readable, then its host, its path, and only then its sender.
                MessageForm(),
                HostCheck.issuer(names, backChannel: backChannel),
                StrictPath(),
                Preflight(),
                SameOrigin(origin: issuer.origin),
            ])
    }

    /// Whether a request names a host of the back channel, which serves only MCP servers.
    func isOnBackChannel(_ request: Request) -> Bool {
        guard let host = request.head.authority else { return false }
        return backChannel.hosts.contains(host) && !names.contains(host)
    }

    /// Serves the stylesheet that all pages use.
    func stylesheet(_ request: Request, _ context: WebContext, _ body: [UInt8]) -> Response {
        renderer.stylesheet.response(to: request)
    }
}

extension RequestPipeline {
    /// The page that sends the browser to the client with the answer.
    func handOff(to location: String, _ decision: ConsentEndpoint.Decision) throws -> Response {
        guard let target = LinkTarget(location) else {
            throw OAuthError(.serverError, "The answer cannot be handed over.", reason: "not a link target")
        }
        let title: PlainText =
            switch decision {
            case .approved: "Access approved"
            case .denied: "Return to the app"
            }
        return answers.html(HandOffPage(to: target, title: title))
    }
}
