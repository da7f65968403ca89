import JOSE
import ResourceServer
import Synchronization

/// What this server has asked clients of MCP 2025-11-25 in the streams of their calls, and not been told yet.
final class PendingFormElicitations: Sendable {
    /// What a client says to a question; it is no word of what the person does behind the link.
    enum Reply: Sendable, Equatable {
        case result(JSONObject)
        /// It did not do what it said it would; with the number of its error.
        case failed(Int64?)
    }

    private struct Question {
        let subject: String
        let clientID: String
        let reply: AsyncStream<Reply>.Continuation
    }

    private let open = Mutex<[String: Question]>([:])

    /// Waits for the answer of this person's client to the question of this name.
    func expect(_ name: String, from access: Access) -> AsyncStream<Reply> {
        let (stream, reply) = AsyncStream<Reply>.makeStream(bufferingPolicy: .bufferingNewest(1))
        reply.onTermination = { [self] _ in open.withLock { $0[name] = nil } }
        open.withLock { $0[name] = Question(subject: access.subject, clientID: access.clientID, reply: reply) }
        return stream
    }

    /// Hands an answer on, if it is from whom the question went to.
    func answer(_ id: JSON, with result: JSONObject?, errorCode: Int64? = nil, from access: Access) {
        guard let name = id.string else { return }
        let reply = open.withLock { open -> AsyncStream<Reply>.Continuation? in
            guard let question = open[name], question.subject == access.subject, question.clientID == access.clientID
            else { return nil }
            open[name] = nil
            return question.reply
        }
        reply?.yield(result.map(Reply.result) ?? .failed(errorCode))
        reply?.finish()
    }
}

extension PendingFormElicitations.Reply {
    /// What the person wants to do about a link or a form; nil when the client says nothing of the kind.
    var action: ClientAnswer? {
        guard case .result(let result) = self else { return nil }
        return result["action"]?.string.flatMap(ClientAnswer.init)
    }
}
