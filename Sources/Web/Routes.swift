package import AuthorizationServer
import HTTPTypes
import OAuth

/// The table of all routes of all listeners.
///
/// The function that makes a route sets its audience. The audience decides everything except the handler: the format of
/// errors, the Origin rule, access for scripts of other origins, and caching. A route itself sets its body rule, the body's
/// limit and its window.
package enum Routes {
    /// The responder of the main listener, which runs every check of the pipeline before it calls a handler of `gatehouse`.
    package static func router(
        _ gatehouse: Gatehouse, renderer: PageRenderer, proxies: ProxyTrust,
        counters: RequestCounters = RequestCounters(), witness: ProxyWitness = ProxyWitness(),
        backChannel: BackChannel? = nil, logsRequests: Bool = false
    ) -> RouteResponder {
        let pipeline = RequestPipeline(
            issuer: gatehouse.settings.issuer, renderer: renderer, proxies: proxies, counters: counters,
            witness: witness, backChannel: backChannel,
            log: RefusalLog(logger: gatehouse.log, refusals: gatehouse.refusals, requests: logsRequests))
        return pipeline.responder(main(gatehouse, pipeline))
    }

    /// The routes of the main listener, each below the path of the issuer except metadata at the root.
    static func main(_ gatehouse: Gatehouse, _ pipeline: RequestPipeline) -> [Route] {
        let path = gatehouse.settings.issuer.path
        return metadata(gatehouse)
            + (forPrograms(gatehouse, pipeline) + forPeople(gatehouse, pipeline)).map { $0.below(path) }
    }

    /// Metadata at every address that clients try. Only these routes may lie outside of the issuer's path.
    private static func metadata(_ gatehouse: Gatehouse) -> [Route] {
        let discovery = DiscoveryHandlers(gatehouse: gatehouse)
        let settings = gatehouse.settings
        return AuthorizationServerMetadata.paths(for: settings.issuer, atRoot: settings.metadataAtRoot).map { path in
            .document(path, discovery.metadata)
        }
    }

    private static func forPrograms(_ gatehouse: Gatehouse, _ pipeline: RequestPipeline) -> [Route] {
        let discovery = DiscoveryHandlers(gatehouse: gatehouse)
        let tokens = TokenHandlers(gatehouse: gatehouse, pipeline: pipeline)
        let pushed = PushedAuthorizationHandlers(gatehouse: gatehouse, pipeline: pipeline)
        let elicitations = ElicitationHandlers(gatehouse: gatehouse, pipeline: pipeline)
        let events = EventHandlers(gatehouse: gatehouse)
        let sessions = SessionHandlers(gatehouse: gatehouse)
        let governance = GovernanceHandlers(gatehouse: gatehouse, pipeline: pipeline)
        return [
            .document(AdvertisedEndpoint.keys.path, discovery.keys).onBackChannel(),
            .client(AdvertisedEndpoint.token.path, .form(), tokens.token).onBackChannel(),
            .client(AdvertisedEndpoint.pushedAuthorization.path, .form(), pushed.push),
            .client(AdvertisedEndpoint.revocation.path, .form(), tokens.revoke).onBackChannel(),
            .server(.post, AdvertisedEndpoint.introspection.path, .form(), tokens.introspect),
            .server(.post, "/elicitations", .json(), elicitations.create),
            .server(.get, "/elicitations", .none, elicitations.list),
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
            .server(.post, "/sessions/{sid}/require", .json(), sessions.require),
            .server(.post, "/checkpoints", .json(), governance.checkpoint),
            .server(.post, "/jobs", .json(), governance.open),
            .server(.get, "/jobs/{id}", .none, governance.status),
            .server(.delete, "/jobs/{id}", .none, governance.end),
            .server(.post, "/access/v1/evaluation", .json(), governance.evaluate),
        ] + RegistrationHandlers(gatehouse: gatehouse, pipeline: pipeline).routes
            + [DeviceHandlers(gatehouse: gatehouse, pipeline: pipeline).forDevices]
    }

    private static func forPeople(_ gatehouse: Gatehouse, _ pipeline: RequestPipeline) -> [Route] {
        let authorize = AuthorizeHandlers(gatehouse: gatehouse, pipeline: pipeline)
        let consent = ConsentHandlers(gatehouse: gatehouse, pipeline: pipeline)
        let elicitation = ElicitationPageHandlers(gatehouse: gatehouse, pipeline: pipeline)
        let connect = ConnectHandlers(gatehouse: gatehouse, pipeline: pipeline)
        let account = AccountHandlers(gatehouse: gatehouse, pipeline: pipeline)
        return [
            .page(AdvertisedEndpoint.authorization.path, window: .shared, authorize.query),
            .authorizationForm(AdvertisedEndpoint.authorization.path, authorize.form),
            .form("/login", window: .told, authorize.signIn),
            .page("/consent", window: .shared, consent.show),
            .form("/consent", window: .shared, consent.decide),
            .page("/e/{id}", elicitation.show),
            .form("/e/{id}", elicitation.decide),
            .page("/connect/{provider}/callback", connect.callback),
            .page("/account", account.show).onlyReading(),
            .form("/account", account.act),
            .page(Stylesheet.path, pipeline.stylesheet).onlyReading(),
        ] + UpstreamHandlers(gatehouse: gatehouse, pipeline: pipeline).routes
            + DeviceHandlers(gatehouse: gatehouse, pipeline: pipeline).forPeople
            + AccountLinkHandlers(gatehouse: gatehouse, pipeline: pipeline).routes
    }

    /// The routes of the listener for operators and their probes.
    static func operations(_ operations: Operations) -> [Route] {
        [
            .operations("/healthz", operations.health),
            .operations("/readyz", operations.readiness),
            .operations("/metrics", operations.numbers),
        ]
    }

    /// The routes of the admin socket.
    static func administration(_ handler: @escaping AdministrationSocket.Handler) -> [Route] {
        // A document of the whole configuration is one request. The kernel vouches for the peer.
        [.admin(AdministrationSocket.route, .bytes(limit: 32 << 20), AdministrationSocket.answering(handler))]
    }
}
