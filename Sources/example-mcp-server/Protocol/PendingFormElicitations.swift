import JOSE
import ResourceServer
import Synchronization

/// The unanswered requests to clients of MCP 2025-11-25, which travel in the streams of their calls.
final class PendingFormElicitations: Sendable {
    /// A client's response; it says nothing about what the user does behind a link.
    enum Reply: Sendable, Equatable {
        case result(JSONObject)
        /// An error response, with its code.
        case failed(Int64?)
    }

    private struct Question {
        let subject: String
        let clientID: String
        let reply: AsyncStream<Reply>.Continuation
    }

    private let open = Mutex<[String: Question]>([:])

    /// Registers a request; the stream yields the response of this user's client.
    func expect(_ name: String, from access: Access) -> AsyncStream<Reply> {
        let (stream, reply) = AsyncStream<Reply>.makeStream(bufferingPolicy: .bufferingNewest(1))
        reply.onTermination = { [self] _ in open.withLock { $0[name] = nil } }
        open.withLock { $0[name] = Question(subject: access.subject, clientID: access.clientID, reply: reply) }
        return stream
    }

    /// Passes a response on, if it comes from the user and client that the request went to.
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
    /// The action in the client's response; nil without one.
    var action: ClientAnswer? {
        guard case .result(let result) = self else { return nil }
        return result["action"]?.string.flatMap(ClientAnswer.init)
    }
}
