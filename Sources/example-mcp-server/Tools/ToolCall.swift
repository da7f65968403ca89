import JOSE
import ResourceServer

/// A call of a known tool by a client whose access token has its scopes.
struct ToolCall: Sendable {
    let tool: Tool
    let request: JSONRPCRequest
    let access: Access
    /// What the user entered in a form in an earlier round.
    private(set) var given: JSONObject = [:]

    init(tool: Tool, request: JSONRPCRequest, access: Access) {
        self.tool = tool
        self.request = request
        self.access = access
    }

    /// The arguments of the call, completed by what the user entered in a form.
    var arguments: JSONObject {
        var all = request.arguments
        for (name, value) in given.members { all[name] = value }
        return all
    }

    /// This call with more values that the user entered.
    func giving(_ more: JSONObject) -> ToolCall {
        var call = self
        for (name, value) in more.members { call.given[name] = value }
        return call
    }

    /// Runs the tool, with the result or reply that it asked for in an earlier round.
    func run(_ reply: Tool.Given? = nil) async -> Tool.Outcome { await tool.run(arguments, access, reply) }

    /// Continues the call with the result of its elicitation.
    func answer(to result: ElicitationResult) async -> Answer {
        switch await run(.result(result)) {
        case .text(let text): self.text(text)
        case .failure(let text): failure(text)
        case .asks, .inquires:
            failure("Your answer no longer fits the call, so nothing was done. Call again to be asked again.")
        }
    }

    /// An ordinary result.
    func text(_ text: String) -> Answer { .result(id: request.id, Self.content(text, isError: false)) }

    /// A result with `isError`, so that the model learns that the call failed.
    func failure(_ text: String) -> Answer { .result(id: request.id, Self.content(text, isError: true)) }

    /// The answer to a client that acts for itself, where a user has to be asked.
    var needsUser: Answer { failure("This tool needs a user, and the client acts for itself.") }

    /// The answer to an elicitation that failed, for both protocol versions.
    func answer(to fault: ElicitationError) -> Answer {
        switch fault.kind {
        case .invalidRequestState: .failure(id: request.id, JSONRPCError(.invalidParameters, fault.description))
        case .noUser: needsUser
        case .tooManyRequests: failure("Too many requests are waiting for you. Answer those first.")
        case .invalidRequest, .invalidClient, .invalidSubjectToken, .unsupportedKind, .accessDenied, .notFound,
            .notCompleted, .notRedeemed, .notConnected, .scopeNotGranted, .invalidTarget, .sessionEnded,
            .alreadyCollected,
            .idempotencyConflict, .unavailable, .invalidApproval:
            failure("You cannot be asked at the moment. \(fault.description)")
        }
    }

    /// The result of a call whose user has not answered yet. Not every client shows links, but every model can repeat one.
    func unanswered(_ url: String) -> Answer {
        text("Not done yet: this waits for you at \(url) . Answer there, then repeat the request.")
    }

    private static func content(_ text: String, isError: Bool) -> JSONObject {
        ["content": [["type": "text", "text": .string(text)]], "isError": .bool(isError)]
    }
}
