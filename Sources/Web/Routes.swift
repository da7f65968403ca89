package import AuthorizationServer
import HTTPTypes
package import Hummingbird
import OAuth

/// Every door of the main listener, on one screen.
package enum Routes {
    /// The router that answers for `gatehouse`, with all checks in front of it.
    package static func router(
        _ gatehouse: Gatehouse, renderer: PageRenderer, proxies: ProxyTrust,
        counters: RequestCounters = RequestCounters(), witness: ProxyWitness = ProxyWitness()
    ) -> Router<WebContext> {
        let issuer = gatehouse.settings.issuer
        let door = FrontDoor(
            issuer: issuer, renderer: renderer, proxies: proxies, counters: counters, witness: witness,
            openPaths: openPaths(issuer),
            formPaths: FormPaths(
                Set(["/login", "/consent", "/account"].map { issuer.path + $0 }), below: [issuer.path + "/e/"]))
        let router = door.router()
        DiscoveryHandlers(gatehouse: gatehouse).add(to: router)
        let below = router.group(RouterPath(issuer.path))
        AuthorizeHandlers(gatehouse: gatehouse, door: door).add(to: below)
        ConsentHandlers(gatehouse: gatehouse, door: door).add(to: below)
        TokenHandlers(gatehouse: gatehouse, door: door).add(to: below)
        EventHandlers(gatehouse: gatehouse, door: door).add(to: below)
        SessionHandlers(gatehouse: gatehouse, door: door).add(to: below)
        GovernanceHandlers(gatehouse: gatehouse, door: door).add(to: below)
        ElicitationHandlers(gatehouse: gatehouse, door: door).add(to: below)
        ElicitationPageHandlers(gatehouse: gatehouse, door: door).add(to: below)
        ConnectHandlers(gatehouse: gatehouse, door: door).add(to: below)
        AccountHandlers(gatehouse: gatehouse, door: door).add(to: below)
        return router
    }

    /// What scripts of any origin may use: all that takes no cookie.
    private static func openPaths(_ issuer: Issuer) -> OpenPaths {
        var paths: [String: [HTTPRequest.Method]] = [:]
        for path in AuthorizationServerMetadata.paths(for: issuer) + [issuer.path + "/jwks"] {
            paths[path] = [.get, .head]
        }
        for path in ["/token", "/revoke"] { paths[issuer.path + path] = [.post] }
        return OpenPaths(paths)
    }
}
