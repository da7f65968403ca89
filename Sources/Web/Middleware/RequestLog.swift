package import AuthorizationServer
package import Hummingbird
import Logging
import OAuth

/// Writes one line a request and counts it, by the route's template and never by path, query, header or body; what the
/// request causes is recorded under the same trace id.
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
        witness.see(trace, request, context)
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

    /// The id that the caller sent, if it sent one and one alone.
    private static func trace(of request: Request) -> TraceID {
        let fields = request.headers[values: FieldNames.traceParent]
        return (fields.count == 1 ? TraceID(traceparent: fields[0]) : nil) ?? .random()
    }

    /// A 503 is no error of this server by itself: a stranger's dead host causes one, and a failing store has said so
    /// in an error line of its own before it comes here.
    private func level(of status: Int) -> Logger.Level {
        switch status {
        case 503: .notice
        case 500...: .error
        default: log.requestLevel
        }
    }
}
