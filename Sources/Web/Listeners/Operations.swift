import HTTPTypes
import Hummingbird
import NIOCore

/// What operators and their probes may ask; it is served on a listener of its own and never on the public one.
package struct Operations: Sendable {
    /// What keeps the server from being ready, one sentence each; empty when it is.
    package let obstacles: @Sendable () async -> [String]
    /// The metrics in the text format that Prometheus reads.
    package let metrics: @Sendable () async -> String

    package init(
        obstacles: @escaping @Sendable () async -> [String], metrics: @escaping @Sendable () async -> String
    ) {
        self.obstacles = obstacles
        self.metrics = metrics
    }

    func health(_ request: Request, _ context: WebContext, _ body: [UInt8]) -> Response {
        Self.text("ok\n")
    }

    func readiness(_ request: Request, _ context: WebContext, _ body: [UInt8]) async -> Response {
        let found = await obstacles()
        guard !found.isEmpty else { return Self.text("ok\n") }
        return Self.text(found.joined(separator: "\n") + "\n", status: .serviceUnavailable)
    }

    func numbers(_ request: Request, _ context: WebContext, _ body: [UInt8]) async -> Response {
        Self.text(await metrics(), type: "text/plain; version=0.0.4; charset=utf-8")
    }

    private static func text(
        _ text: String, status: HTTPResponse.Status = .ok, type: String = "text/plain; charset=utf-8"
    ) -> Response {
        Response(
            status: status, headers: [.contentType: type, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
