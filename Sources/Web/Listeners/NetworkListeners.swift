import Glibc
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOCore
import NIOSSL

/// Certificate and key of the main listener, when Gatehouse itself speaks TLS.
package struct TLSFiles: Sendable {
    package let certificate: String
    package let key: String

    package init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }

    func configuration() throws(ListenerError) -> TLSConfiguration {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificate).map { NIOSSLCertificateSource.certificate($0) }
            let key = try NIOSSLPrivateKey(file: key, format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain, privateKey: .privateKey(key))
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            return configuration
        } catch {
            throw ListenerError(
                "The TLS files \(certificate) and \(key) cannot be used: check that both are readable PEM of one pair.")
        }
    }
}

extension Listener {
    /// The public listener, on TCP or TLS.
    package static func main(
        router: RouteResponder, host: String, port: Int, tls: TLSFiles? = nil,
        limits: ConnectionLimits = ConnectionLimits(), logger: Logger, whenRunning: @escaping WhenRunning = { _ in }
    ) throws(ListenerError) -> Listener {
        try network(
            "main", responder: router, host: host, port: port, tls: tls?.configuration(),
            limits: limits, logger: logger, whenRunning: whenRunning)
    }

    /// The operators' listener: `/healthz`, `/readyz` and `/metrics`.
    package static func operations(
        _ operations: Operations, host: String, port: Int, limits: ConnectionLimits = ConnectionLimits(),
        logger: Logger, whenRunning: @escaping WhenRunning = { _ in }
    ) throws(ListenerError) -> Listener {
        try network(
            "operations", responder: RouteResponder(Routes.operations(operations), checks: [BareErrors()]), host: host,
            port: port, tls: nil, limits: limits, logger: logger, whenRunning: whenRunning)
    }

    private static func network(
        _ name: String, responder: RouteResponder, host: String, port: Int, tls: TLSConfiguration?,
        limits: ConnectionLimits, logger: Logger, whenRunning: @escaping WhenRunning
    ) throws(ListenerError) -> Listener {
        var server = HTTPServerBuilder.loopBound(limits)
        if let tls {
            do {
                server = try .tls(server, tlsConfiguration: tls)
            } catch {
                throw ListenerError("TLS cannot be set up with the configured certificate and key: check the pair.")
            }
        }
        let application = Application(
            responder: responder, server: server,
            configuration: ApplicationConfiguration(address: .hostname(host, port: port)),
            onServerRunning: { await whenRunning($0.localAddress?.port) }, logger: logger)
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
    /// HTTP/1.1 with every limit set, each connection served on its event loop: no handler may compute for long.
    static func loopBound(_ limits: ConnectionLimits) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            LoopBound(base: HTTP1Channel(responder: responder, configuration: configuration(limits)))
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
