package import AuthorizationServer
package import Hummingbird
import Logging
import OAuth

/// Logs and counts each request, and sets the trace id under which its audit records are written.
///
/// The line contains the route's template, and never the path, the query, a header or the body: they may contain secrets.
package struct RequestLog: RouterMiddleware {
    package typealias Context = WebContext

    private let counters: RequestCounters
    private let witness: ProxyWitness
    private let log: RefusalLog
    private let clock = ContinuousClock()

    package init(counters: RequestCounters, witness: ProxyWitness = ProxyWitness(), log: RefusalLog = .silent) {
        self.counters = counters
        self.witness = witness
        self.log = log
    }

    package func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        let start = clock.now
        let trace = Self.trace(of: request)
        witness.record(trace, request, context)
        let response = try await TraceID.$current.withValue(trace) { try await next(request, context) }
        let took = clock.now - start
        let status = response.status.code
        counters.record(route: context.route, method: request.method.rawValue, status: status, took: took)
        log.logger.log(
            level: level(of: status), "request",
            metadata: [
                "route": "\(context.route)", "status": "\(status)", "microseconds": "\(took / .microseconds(1))",
                "trace": "\(trace)", "reference": "\(context.reference)",
            ])
        return response
    }

    /// The trace id of the request's only `traceparent` field, or a random one.
    private static func trace(of request: Request) -> TraceID {
        let fields = request.headers[values: FieldNames.traceParent]
        return (fields.count == 1 ? TraceID(traceparent: fields[0]) : nil) ?? .random()
    }

    /// A 503 is not an error of this server by itself: the unreachable host of a client causes one, and a failing store
    /// logs an error of its own.
    private func level(of status: Int) -> Logger.Level {
        switch status {
        case 503: .notice
        case 500...: .error
        default: log.requestLevel
        }
    }
}
