import JOSE
import ResourceServer

/// A call of a tool that is there, by a client whose token allows it.
struct ToolCall: Sendable {
    let tool: Tool
    let request: JSONRPCRequest
    let access: Access
    /// What the person gave in a form in an earlier round.
    private(set) var given: JSONObject = [:]

    init(tool: Tool, request: JSONRPCRequest, access: Access) {
        self.tool = tool
        self.request = request
        self.access = access
    }

    /// Those of the call, and what the person gave.
    var arguments: JSONObject {
        var all = request.arguments
        for (name, value) in given.members { all[name] = value }
        return all
    }

    /// The same call with what the person gave.
    func giving(_ more: JSONObject) -> ToolCall {
        var call = self
        for (name, value) in more.members { call.given[name] = value }
        return call
    }

    /// Runs the tool on the call, and on what was brought back if it was asked for.
    func run(_ reply: Tool.Given? = nil) async -> Tool.Outcome { await tool.run(arguments, access, reply) }

    /// Goes on with what the person did.
    func answer(to result: ElicitationResult) async -> Answer {
        switch await run(.result(result)) {
        case .text(let text): self.text(text)
        case .failure(let text): failure(text)
        case .asks, .inquires:
            failure("What you did there is no longer of use, so nothing was done. Call again to be asked anew.")
        }
    }

    /// An ordinary result.
    func text(_ text: String) -> Answer { .result(id: request.id, Self.content(text, isError: false)) }

    /// A result by which the model learns that it did not work.
    func failure(_ text: String) -> Answer { .result(id: request.id, Self.content(text, isError: true)) }

    /// What waiting for a person came to, in either era.
    func answer(to fault: ElicitationError) -> Answer {
        switch fault.kind {
        case .invalidRequestState: .failure(id: request.id, JSONRPCError(.invalidParameters, fault.description))
        case .tooManyRequests: failure("Too many requests wait for this person: answer those first.")
        case .invalidRequest, .invalidClient, .invalidSubjectToken, .unsupportedKind, .accessDenied, .notFound,
            .notCompleted, .notRedeemed, .notConnected, .invalidTarget, .sessionEnded, .alreadyCollected,
            .idempotencyConflict, .unavailable, .invalidApproval:
            failure("The person cannot be asked at the moment. \(fault.description)")
        }
    }

    /// The end of a call whose person has not acted: other clients show no links, but every model can repeat one.
    func unanswered(_ url: String) -> Answer {
        text("Not done yet: this waits for you at \(url) . Answer there, then ask for the same again.")
    }

    private static func content(_ text: String, isError: Bool) -> JSONObject {
        ["content": [["type": "text", "text": .string(text)]], "isError": .bool(isError)]
    }
}
