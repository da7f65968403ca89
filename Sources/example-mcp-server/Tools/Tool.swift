import JOSE
import ResourceServer

/// A tool that a model can call.
///
/// Spec: MCP 2026-07-28 §Tools
struct Tool: Sendable {
    /// The outcome of a call; the model reads a failure.
    enum Outcome {
        case text(String)
        case failure(String)
        /// Nothing was done: the user has to act at the authorization server first. `given` is what the user entered in a form
        /// before; it counts as arguments from then on.
        case asks(ElicitationRequest, given: JSONObject = [:])
        /// Nothing was done: the client has to ask its user or its model first.
        case inquires(FormElicitation)
    }

    /// The input of a run besides the arguments.
    enum Given: Sendable {
        /// The result of an elicitation at the authorization server.
        case result(ElicitationResult)
        /// The client's reply to a form or a sampling request.
        case reply(FormElicitationReply)
    }

    let name: String
    let title: String
    let description: String
    let inputSchema: JSON
    /// The scopes that the access token needs; an empty list admits every token for this server.
    let scopes: [String]
    /// Runs a call. Without `given` the tool may ask for it. The request is made from the arguments alone, so that the request
    /// before the approval and the comparison after it are the same.
    let run: @Sendable (_ arguments: JSONObject, _ access: Access, _ given: Given?) async -> Outcome

    var json: JSON {
        [
            "name": .string(name), "title": .string(title), "description": .string(description),
            "inputSchema": inputSchema,
        ]
    }
}
