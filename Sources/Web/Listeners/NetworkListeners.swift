import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore

extension Listener {
    /// The public listener, on TCP or TLS.
    package static func main(
        router: RouteResponder, host: String, port: Int, tls: TLSIdentity? = nil,
        limits: ConnectionLimits = ConnectionLimits(), proxies: ProxyTrust = .nobody, logger: Logger,
        whenRunning: @escaping WhenRunning = { _ in }
    ) throws(ListenerError) -> Listener {
        try network(
            "main", responder: router, host: host, port: port, tls: tls,
            limits: limits, proxies: proxies, logger: logger, whenRunning: whenRunning)
    }

    /// The operators' listener: `/healthz`, `/readyz` and `/metrics`.
    package static func operations(
        _ operations: Operations, host: String, port: Int, hosts: [String] = [],
        limits: ConnectionLimits = ConnectionLimits(), logger: Logger,
        whenRunning: @escaping WhenRunning = { _ in }
    ) throws(ListenerError) -> Listener {
        let checks: [RouteResponder.Check] = [
            PlainErrorCatcher(), MessageForm(), HostCheck.operations(HostNames(["localhost", host] + hosts)),
            StrictPath(),
        ]
        return try network(
            "operations", responder: RouteResponder(Routes.operations(operations), checks: checks), host: host,
            port: port, tls: nil, limits: limits, proxies: .nobody, logger: logger, whenRunning: whenRunning)
    }

    private static func network(
        _ name: String, responder: RouteResponder, host: String, port: Int, tls: TLSIdentity?,
        limits: ConnectionLimits, proxies: ProxyTrust, logger: Logger, whenRunning: @escaping WhenRunning
    ) throws(ListenerError) -> Listener {
        let application = Application(
            responder: responder, server: .loopBound(limits, tls),
            configuration: ApplicationConfiguration(address: .hostname(host, port: port)),
            onServerRunning: { channel in
                do {
                    let admission = ConnectionAdmission(limits, proxies: proxies, log: logger)
                    try await channel.pipeline.addHandler(admission, position: .first)
                } catch {
                    // Only a listener that ends at this moment has no pipeline.
                    logger.debug("connections are not counted", metadata: ["cause": "\(error)"])
                }
                await whenRunning(channel.localAddress?.port)
            }, logger: logger)
        return Listener(name: name) {
            do {
                try await application.run()
            } catch {
                throw ListenerError.binding("\(host):\(port)", error)
            }
        }
    }
}

extension HTTPServerBuilder {
    /// HTTP/1.1 with every limit set, each connection served on its event loop: no handler may compute for long. With an
    /// identity it is behind TLS.
    static func loopBound(_ limits: ConnectionLimits, _ identity: TLSIdentity?) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            let plain = EventLoopBound(base: HTTP1Channel(responder: responder, configuration: configuration(limits)))
            guard let identity else { return plain }
            return TLSServed(base: plain, identity: identity)
        }
    }

    /// HTTP/1.1 with every limit set.
    static func bounded(_ limits: ConnectionLimits) -> HTTPServerBuilder {
        .http1(configuration: configuration(limits))
    }

    private static func configuration(_ limits: ConnectionLimits) -> HTTP1Channel.Configuration {
        HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionGuard(limits: limits)],
            idleTimeout: limits.idle,
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: limits.fieldLength, maxHeaderListSize: limits.headLength,
                maxHeaderFieldCount: limits.fieldCount))
    }
}
