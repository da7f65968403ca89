import JOSE
import ResourceServer

/// A call that sends a request to its client in the stream of the answer.
///
/// Spec: MCP 2025-11-25 §Elicitation
struct HandshakeFormElicitation: Sendable {
    /// Ten minutes in pieces; a keep-alive follows each piece.
    private static let (piece, pieces) = (Duration.seconds(20), 30)

    let questions: PendingFormElicitations
    let call: ToolCall
    let inquiry: FormElicitation

    /// Sends the request and passes the reply to `proceed`.
    func answer(_ proceed: @escaping @Sendable (FormElicitationReply) async -> Answer) -> Answer {
        .stream(
            AsyncStream { messages in
                let task = Task {
                    let name = Random.token(16)
                    // Registered before the request is sent, so that no reply arrives too early.
                    let replies = questions.expect(name, from: call.access)
                    messages.yield([
                        "jsonrpc": "2.0", "id": .string(name), "method": .string(inquiry.method),
                        "params": inquiry.parameters,
                    ])
                    let reply = await wait(for: replies) { messages.yield(nil) }
                    await Self.pass(await proceed(reply), to: messages)
                    messages.finish()
                }
                messages.onTermination = { _ in task.cancel() }
            })
    }

    /// Writes an answer into this stream; an answer that is a stream itself continues in it.
    private static func pass(_ answer: Answer, to messages: AsyncStream<JSONObject?>.Continuation) async {
        guard case .stream(let more) = answer else {
            messages.yield(answer.message)
            return
        }
        for await message in more { messages.yield(message) }
    }

    private func wait(
        for replies: AsyncStream<PendingFormElicitations.Reply>, silence: @escaping @Sendable () -> Void
    ) async -> FormElicitationReply {
        let (happenings, happening) = AsyncStream<PendingFormElicitations.Reply?>.makeStream()
        let tasks = [
            Task { for await reply in replies { happening.yield(reply) } },
            Task {
                for _ in 0..<Self.pieces {
                    do { try await Task.sleep(for: Self.piece) } catch { return }
                    happening.yield(nil)
                }
                happening.finish()
            },
        ]
        defer { for task in tasks { task.cancel() } }
        for await now in happenings {
            switch now {
            case nil: silence()
            case .result(let result): return FormElicitationReply(inquiry.kind, result)
            case .failed(let code): return FormElicitationReply(inquiry.kind, nil, errorCode: code)
            }
        }
        return .unusable
    }
}
