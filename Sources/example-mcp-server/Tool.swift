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
    }

    /// What a person has to approve before a call may run.
    enum Question {
        case confirm(ElicitationAction, message: String)
        /// The call would come to nothing; the sentence says why.
        case pointless(String)
    }

    let name: String
    let title: String
    let description: String
    let inputSchema: JSON
    /// The scopes that a token has to carry; none means any token for this server.
    let scopes: [String]
    /// Makes the question from the call itself, before asking and again before running; nil when nobody is asked.
    var question: (@Sendable (_ arguments: JSONObject, _ access: Access) async -> Question)?
    let run: @Sendable (_ arguments: JSONObject, _ access: Access) async -> Outcome

    var json: JSON {
        [
            "name": .string(name), "title": .string(title), "description": .string(description),
            "inputSchema": inputSchema,
        ]
    }
}
