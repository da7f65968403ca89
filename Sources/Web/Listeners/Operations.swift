import HTTPTypes
import Hummingbird
import NIOCore

/// Health, readiness and metrics for operators and their probes, served on a separate listener and never on the public one.
package struct Operations: Sendable {
    /// Returns the reasons for which the server is not ready, one sentence each; empty if it is ready.
    package let obstacles: @Sendable () async -> [String]
    /// Returns the metrics in the Prometheus text format.
    package let metrics: @Sendable () async -> String

    package init(
        obstacles: @escaping @Sendable () async -> [String], metrics: @escaping @Sendable () async -> String
    ) {
        self.obstacles = obstacles
        self.metrics = metrics
    }

    /// `GET /healthz`: 200 while the process serves requests.
    func health(_ request: Request, _ context: WebContext, _ body: [UInt8]) -> Response {
        Self.text("ok\n")
    }

    /// `GET /readyz`: 200 if the server is ready, else 503 with one reason a line.
    func readiness(_ request: Request, _ context: WebContext, _ body: [UInt8]) async -> Response {
        let found = await obstacles()
        guard !found.isEmpty else { return Self.text("ok\n") }
        return Self.text(found.joined(separator: "\n") + "\n", status: .serviceUnavailable)
    }

    /// `GET /metrics`: all metrics.
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
