import JOSE
import ResourceServer

/// Something that a model may ask for.
///
/// Spec: MCP 2026-07-28 §Tools
struct Tool: Sendable {
    /// What a call came to; a failure is meant for the model to read.
    enum Outcome {
        case text(String)
        case failure(String)
        /// Nothing was done: a person has to act first, at the authorization server. What they gave in a form before counts
        /// among the arguments from then on.
        case asks(ElicitationRequest, given: JSONObject = [:])
        /// Nothing was done: the client has to ask its person or its model first.
        case inquires(FormElicitation)
    }

    /// What a tool is run with besides the call.
    enum Given: Sendable {
        /// What the person did at the authorization server.
        case result(ElicitationResult)
        /// What the client brought back.
        case reply(FormElicitationReply)
    }

    let name: String
    let title: String
    let description: String
    let inputSchema: JSON
    /// The scopes that a token has to carry; none means any token for this server.
    let scopes: [String]
    /// Runs a call. Without what its person did the tool may ask for it, and does so by the call alone: what is asked before
    /// and what is compared afterwards is made from the same arguments.
    let run: @Sendable (_ arguments: JSONObject, _ access: Access, _ given: Given?) async -> Outcome

    var json: JSON {
        [
            "name": .string(name), "title": .string(title), "description": .string(description),
            "inputSchema": inputSchema,
        ]
    }
}
