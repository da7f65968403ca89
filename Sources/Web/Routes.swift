package import AuthorizationServer
import HTTPTypes
import OAuth

/// Every door of every listener, on one screen.
///
/// The function that makes a route names its audience, which decides all that is not the handler: the form of errors,
/// the Origin rule, scripts of other origins, caching. The body, its limit and the window are the route's own.
package enum Routes {
    /// Answers the main listener's requests for `gatehouse`, with all checks in front of its routes.
    package static func router(
        _ gatehouse: Gatehouse, renderer: PageRenderer, proxies: ProxyTrust,
        counters: RequestCounters = RequestCounters(), witness: ProxyWitness = ProxyWitness(),
        backChannel: BackChannel? = nil, logsRequests: Bool = false
    ) -> RouteResponder {
        let door = RequestPipeline(
            issuer: gatehouse.settings.issuer, renderer: renderer, proxies: proxies, counters: counters,
            witness: witness, backChannel: backChannel,
            log: RefusalLog(logger: gatehouse.log, refusals: gatehouse.refusals, requests: logsRequests))
        return door.responder(main(gatehouse, door))
    }

    /// The main listener.
    static func main(_ gatehouse: Gatehouse, _ door: RequestPipeline) -> [Route] {
        let path = gatehouse.settings.issuer.path
        return metadata(gatehouse)
            + (forPrograms(gatehouse, door) + forPeople(gatehouse, door)).map { $0.below(path) }
    }

    /// Metadata, at every address that clients try; these alone may stand outside of the issuer's path.
    private static func metadata(_ gatehouse: Gatehouse) -> [Route] {
        let discovery = DiscoveryHandlers(gatehouse: gatehouse)
        let settings = gatehouse.settings
        return AuthorizationServerMetadata.paths(for: settings.issuer, atRoot: settings.metadataAtRoot).map { path in
            .document(path, discovery.metadata)
        }
    }

    private static func forPrograms(_ gatehouse: Gatehouse, _ door: RequestPipeline) -> [Route] {
        let discovery = DiscoveryHandlers(gatehouse: gatehouse)
        let tokens = TokenHandlers(gatehouse: gatehouse, door: door)
        let elicitations = ElicitationHandlers(gatehouse: gatehouse, door: door)
        let events = EventHandlers(gatehouse: gatehouse)
        let sessions = SessionHandlers(gatehouse: gatehouse)
        let governance = GovernanceHandlers(gatehouse: gatehouse, door: door)
        return [
            .document("/jwks", discovery.keys).onBackChannel(),
            .client("/token", .form(), tokens.token).onBackChannel(),
            .client("/revoke", .form(), tokens.revoke).onBackChannel(),
            .server(.post, "/introspect", .form(), tokens.introspect),
            .server(.post, "/elicitations", .json(), elicitations.create),
            .server(.get, "/elicitations/{id}", .none, elicitations.status),
            .server(.delete, "/elicitations/{id}", .none, elicitations.cancel),
            .server(.get, "/elicitations/{id}/result", .none, elicitations.read),
            .server(.post, "/elicitations/{id}/result", .none, elicitations.collect),
            .server(.delete, "/elicitations/{id}/result", .none, elicitations.acknowledge),
            .server(.post, "/elicitations/{id}/complete", .json(), elicitations.complete),
            .server(.post, "/elicitations/redeem", .json(), elicitations.redeem),
            .server(.post, "/events/poll", .bytes(), events.poll),
            .server(.post, "/events/verify", .bytes(), events.verify),
            .server(.get, "/events/status", .none, events.status),
            .server(.delete, "/sessions/{sid}", .none, sessions.end),
            .server(.post, "/checkpoints", .json(), governance.checkpoint),
            .server(.post, "/jobs", .json(), governance.open),
            .server(.get, "/jobs/{id}", .none, governance.status),
            .server(.delete, "/jobs/{id}", .none, governance.end),
            .server(.post, "/access/v1/evaluation", .json(), governance.evaluate),
        ]
    }

    private static func forPeople(_ gatehouse: Gatehouse, _ door: RequestPipeline) -> [Route] {
        let authorize = AuthorizeHandlers(gatehouse: gatehouse, door: door)
        let consent = ConsentHandlers(gatehouse: gatehouse, door: door)
        let elicitation = ElicitationPageHandlers(gatehouse: gatehouse, door: door)
        let connect = ConnectHandlers(gatehouse: gatehouse, door: door)
        let account = AccountHandlers(gatehouse: gatehouse, door: door)
        return [
            .page("/authorize", window: .shared, authorize.query),
            .authorizationForm("/authorize", authorize.form),
            .form("/login", window: .told, authorize.signIn),
            .page("/consent", window: .shared, consent.show),
            .form("/consent", window: .shared, consent.decide),
            .page("/e/{id}", elicitation.show),
            .form("/e/{id}", elicitation.decide),
            .page("/connect/{provider}/callback", connect.callback),
            .page("/account", account.show).onlyReading(),
            .form("/account", account.act),
            .page(Stylesheet.path, door.stylesheet).onlyReading(),
        ]
    }

    /// The operators' listener.
    static func operations(_ operations: Operations) -> [Route] {
        [
            .operations("/healthz", operations.health),
            .operations("/readyz", operations.readiness),
            .operations("/metrics", operations.numbers),
        ]
    }

    /// The admin socket.
    static func administration(_ handler: @escaping AdministrationSocket.Handler) -> [Route] {
        [.admin(AdministrationSocket.route, .bytes(), AdministrationSocket.answering(handler))]
    }
}
