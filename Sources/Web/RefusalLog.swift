package import AuthorizationServer
import HTTPTypes
import Hummingbird
package import Logging
import OAuth

/// Logs each refusal in one line for operators, and each request where the configuration says so.
///
/// Equal lines are counted instead of repeated. An error page shows a reference, and the log line with this reference tells
/// the operator why Gatehouse refused the request.
package struct RefusalLog: Sendable {
    let logger: Logger
    private let refusals: DeduplicatedLog
    /// The level at which each answered request is logged.
    let requestLevel: Logger.Level

    /// Logs refusals through `refusals`, and requests through `logger`: at the level info if `requests` is set, else at debug.
    package init(logger: Logger, refusals: DeduplicatedLog, requests: Bool = false) {
        self.logger = logger
        self.refusals = refusals
        requestLevel = requests ? .info : .debug
    }

    /// A log that discards everything, for tests and for listeners without one.
    package static let silent: RefusalLog = {
        let logger = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }
        return RefusalLog(logger: logger, refusals: DeduplicatedLog(logger, clock: .system))
    }()

    /// Logs why a request was refused. If the error does not name the client, the credentials of `request` do.
    func refused(
        _ error: OAuthError, status: HTTPResponse.Status, _ context: WebContext, request: Request? = nil
    ) {
        var fields = Self.fields(of: error.asker ?? request.flatMap(Self.asker), at: context.audience)
        fields["error"] = error.code.rawValue
        // A failure of this server is not the client's fault: operators must notice it.
        let level: Logger.Level = error.code == .serverError ? .error : .info
        refused(error.reason ?? error.description, level: level, status: status, context, fields)
    }

    /// Logs a refusal that is not an error of the protocol.
    func refused(
        _ cause: String, level: Logger.Level = .info, status: HTTPResponse.Status, _ context: WebContext,
        _ fields: [String: String] = [:]
    ) {
        var fields: [String: String?] = fields
        fields["route"] = context.route
        fields["status"] = "\(status.code)"
        // `PlainText` removes line breaks, so that a client cannot forge a second log line.
        fields["cause"] = "\(PlainText(cause, limit: 500))"
        refusals.note("refused", level: level, fields, reference: context.reference)
    }

    /// Logs an error that no code handles.
    func failed(_ error: any Error, _ context: WebContext) {
        refusals.note(
            "unexpected error", level: .error,
            ["route": context.route, "cause": "\(PlainText("\(type(of: error)): \(error)", limit: 500))"],
            reference: context.reference)
    }

    /// A caller of a route for MCP servers is logged as an MCP server, whatever identifier it sends.
    private static func fields(of asker: String?, at audience: Audience?) -> [String: String] {
        guard let asker else { return [:] }
        let name = "\(PlainText(LogText.asker(asker), limit: 300))"
        return [audience == .server || ResourceID(asker) != nil ? "resource" : "client": name]
    }

    /// The identifier in the Authorization header, which is a claim that nothing has verified.
    private static func asker(_ request: Request) -> String? {
        guard let authorization = request.authorization else { return nil }
        return (try? PresentedClient(OAuth.Parameters(query: ""), authorization: authorization))?.clientID.string
    }
}
