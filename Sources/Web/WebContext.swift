package import Hummingbird
import Logging
package import NIOCore

/// What the checks and handlers of a listener know besides the request: its door, and the connection that it came over.
package struct WebContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    let channel: any Channel
    /// What the table of routes has for this request; nil where nothing is served at its path.
    var found: RouteTable.Found?

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// The address at the other end of the connection, which may be a proxy.
    package var peerAddress: SocketAddress? { channel.remoteAddress }

    /// Calls `act` when the other end hangs up before the answer; a handler that waits for something else does not notice.
    package func whenGone(_ act: @escaping @Sendable () -> Void) {
        channel.eventLoop.execute { [channel] in
            // Without a listener in front, as in tests of the router, nobody can hang up.
            try? channel.pipeline.syncOperations.handler(type: ConnectionGuard.self).whenGone(act)
        }
    }

    /// Asks a client that waits for `100 Continue` to send the body now.
    func askForBody() {
        channel.eventLoop.execute { [channel] in
            try? channel.pipeline.syncOperations.handler(type: ConnectionGuard.self).askForBody(channel)
        }
    }

    /// The id that stands in the log line and on error pages, so that an operator can find the one by the other.
    package var reference: String { logger[metadataKey: "hb.request.id"].map { "\($0)" } ?? "none" }

    /// The route's template, such as `/sessions/{sid}`; never the path, which may hold identifiers.
    package var route: String { coreContext.endpointPath.value ?? "NotFound" }

    /// Whom the path is for; nil where nothing is served at it.
    var audience: Audience? { found?.place.audience }

    /// What stands in the path where the route's template has this name.
    func parameter(_ name: String) -> String { found?.parameters[name] ?? "" }
}
