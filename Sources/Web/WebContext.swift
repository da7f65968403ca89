package import Hummingbird
import Logging
package import NIOCore

/// The context of one request: the matched route and the connection that carries the request.
package struct WebContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    let channel: any Channel
    /// The match in the table of routes; nil if no route has this path.
    var match: RouteTable.Match?

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// The address of the connection's peer, which may be a proxy.
    package var peerAddress: SocketAddress? { channel.remoteAddress }

    /// Calls `act` on the event loop when the peer disconnects before the answer.
    ///
    /// Handlers that wait for an event use it to stop waiting: nothing else tells them that the peer is gone.
    package func whenDisconnected(_ act: @escaping @Sendable () -> Void) {
        channel.eventLoop.execute { [channel] in
            // Tests call the router without a listener, and then no peer can disconnect.
            try? channel.pipeline.syncOperations.handler(type: ConnectionGuard.self).whenDisconnected(act)
        }
    }

    /// Sends `100 Continue` to a client that waits for it before it sends the body.
    func askForBody() {
        channel.eventLoop.execute { [channel] in
            try? channel.pipeline.syncOperations.handler(type: ConnectionGuard.self).askForBody(channel)
        }
    }

    /// The request id in the log line and on error pages, by which an operator finds one from the other.
    package var reference: String { logger[metadataKey: "hb.request.id"].map { "\($0)" } ?? "none" }

    /// The template of the route, such as `/sessions/{sid}`; never the path itself, which may contain identifiers.
    package var route: String { coreContext.endpointPath.value ?? "NotFound" }

    /// The audience of the path; nil if no route has this path.
    var audience: Audience? { match?.path.audience }

    /// The segment of the path at the place of this name in the template; empty if the template has no such name.
    func parameter(_ name: String) -> String { match?.parameters[name] ?? "" }
}
