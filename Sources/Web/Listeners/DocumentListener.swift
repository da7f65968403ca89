import HTTPTypes
import Hummingbird
package import Logging
import NIOCore

extension Listener {
    /// A listener with one public JSON document, over TLS, for the metadata document of a client on this machine.
    package static func document(
        _ bytes: [UInt8], at path: String, host: String, port: Int, tls: TLSIdentity, logger: Logger
    ) throws(ListenerError) -> Listener {
        let route = Route.document(path) { _, _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json", .cacheControl: "max-age=60"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        }
        let checks: [RouteResponder.Check] = [
            PlainErrorCatcher(), MessageForm(), HostCheck.operations(HostNames([host])), StrictPath(),
        ]
        return try network(
            "document", responder: RouteResponder([route], checks: checks), host: "127.0.0.1", port: port, tls: tls,
            limits: ConnectionLimits(), proxies: .nobody, logger: logger, whenRunning: { _ in })
    }
}
