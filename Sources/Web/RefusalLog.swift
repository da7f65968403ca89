package import AuthorizationServer
import HTTPTypes
import Hummingbird
package import Logging
import OAuth

/// What the doors tell operators: one line about each refusal, equal ones counted, and one a request where that is wanted.
///
/// Every page with a reference has its line here: whoever is sent the reference finds out why.
package struct RefusalLog: Sendable {
    let logger: Logger
    private let refusals: DeduplicatedLog
    /// The level of the line that each answered request has.
    let requestLevel: Logger.Level

    /// Writes to `logger`, and what was refused to `refusals`; `requests` writes a line for each request.
    package init(logger: Logger, refusals: DeduplicatedLog, requests: Bool = false) {
        self.logger = logger
        self.refusals = refusals
        requestLevel = requests ? .info : .debug
    }

    /// Tells nobody anything.
    package static let silent: RefusalLog = {
        let logger = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }
        return RefusalLog(logger: logger, refusals: DeduplicatedLog(logger, clock: .system))
    }()

    /// Writes why something was refused. Where the error does not know who asked, the credentials of `request` name it.
    func refused(
        _ error: OAuthError, status: HTTPResponse.Status, _ context: WebContext, request: Request? = nil
    ) {
        var fields = Self.fields(of: error.asker ?? request.flatMap(Self.asker), at: context.audience)
        fields["error"] = error.code.rawValue
        // What failed on this side is no refusal that an operator may pass over.
        let level: Logger.Level = error.code == .serverError ? .error : .info
        refused(error.reason ?? error.description, level: level, status: status, context, fields)
    }

    /// Writes why something was refused that is no error of the protocol.
    func refused(
        _ cause: String, level: Logger.Level = .info, status: HTTPResponse.Status, _ context: WebContext,
        _ fields: [String: String] = [:]
    ) {
        var fields: [String: String?] = fields
        fields["route"] = context.route
        fields["status"] = "\(status.code)"
        // What was sent cannot break the line in two.
        fields["cause"] = "\(PlainText(cause, limit: 500))"
        refusals.note("refused", level: level, fields, reference: context.reference)
    }

    /// Writes what nobody foresaw.
    func failed(_ error: any Error, _ context: WebContext) {
        refusals.note(
            "unexpected error", level: .error,
            ["route": context.route, "cause": "\(PlainText("\(type(of: error)): \(error)", limit: 500))"],
            reference: context.reference)
    }

    /// Whoever calls a door of MCP servers means to be one, whatever name it gives.
    private static func fields(of asker: String?, at audience: Audience?) -> [String: String] {
        guard let asker else { return [:] }
        let name = "\(PlainText(LogText.asker(asker), limit: 300))"
        return [audience == .server || ResourceID(asker) != nil ? "resource" : "client": name]
    }

    /// Whom the Authorization header names; nothing is proven by it.
    private static func asker(_ request: Request) -> String? {
        guard let authorization = request.authorization else { return nil }
        return (try? PresentedClient(OAuth.Parameters(query: ""), authorization: authorization))?.clientID.string
    }
}
