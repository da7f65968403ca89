import Glibc
import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore

/// A listening socket with its server, which runs in a service group and shuts down gracefully with the group.
package struct Listener: Sendable, CustomStringConvertible {
    /// The name in log lines: `main`, `operations` or `admin`.
    package let name: String
    private let body: @Sendable () async throws -> Void

    init(name: String, body: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.body = body
    }

    /// The name in the service group.
    package var description: String { "listener \(name)" }

    /// Serves until the group shuts down, and then lets requests in flight finish. Throws `ListenerError` if binding fails.
    package func run() async throws {
        try await body()
    }

    /// A callback that runs when the listener accepts connections; the port is nil for a Unix socket.
    package typealias WhenRunning = @Sendable (_ port: Int?) async -> Void
}

/// The error of a listener that cannot start: one sentence with the problem and the remedy.
package struct ListenerError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }

    /// The error for a failed bind; errors other than the system's stay as they are.
    static func binding(_ place: String, _ error: any Error) -> any Error {
        guard let error = error as? IOError else { return error }
        switch error.errnoCode {
        case EADDRINUSE:
            return ListenerError(
                "\(place) is already in use: stop the program that listens there, or choose another address.")
        case EACCES:
            return ListenerError(
                "Listening at \(place) is not permitted: choose another address, or grant the permission.")
        case EADDRNOTAVAIL:
            return ListenerError("\(place) is not an address of this machine: choose one of its addresses.")
        default:
            let cause = String(cString: strerror(error.errnoCode))
            return ListenerError("Listening at \(place) failed (\(cause)): choose another address.")
        }
    }
}

extension Listener {
    /// The public listener on TCP, with TLS if there is an identity.
    package static func main(
        router: RouteResponder, host: String, port: Int, tls: TLSIdentity? = nil,
        limits: ConnectionLimits = ConnectionLimits(), proxies: ProxyTrust = .nobody, logger: Logger,
        whenRunning: @escaping WhenRunning = { _ in }
    ) throws(ListenerError) -> Listener {
        try network(
            "main", responder: router, host: host, port: port, tls: tls,
            limits: limits, proxies: proxies, logger: logger, whenRunning: whenRunning)
    }

    /// The listener for operators: `/healthz`, `/readyz` and `/metrics`.
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

    static func network(
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
                    // The pipeline is gone only if the listener ends at this moment.
                    logger.debug("the connection limits are not in force", metadata: ["cause": "\(error)"])
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
    /// HTTP/1.1 with all limits, on the event loop of each connection, so that no handler may block or compute for long. With
    /// an identity, connections use TLS.
    static func loopBound(_ limits: ConnectionLimits, _ identity: TLSIdentity?) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            let plain = EventLoopBound(base: HTTP1Channel(responder: responder, configuration: configuration(limits)))
            guard let identity else { return plain }
            return TLSServed(base: plain, identity: identity)
        }
    }

    /// HTTP/1.1 with all limits, in Swift's shared pool.
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
