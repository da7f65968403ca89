import JOSE
import ResourceServer

/// A call that waits for its user while the client reads the stream of the answer.
///
/// Spec: MCP 2025-11-25 §Elicitation
struct HandshakeElicitation: Sendable {
    let calls: WaitingCalls
    let questions: PendingFormElicitations
    let call: ToolCall
    let request: ElicitationRequest

    /// Creates the elicitation and answers by a stream, or by an error with the link for clients without streams.
    func answer(takesEvents: Bool) async -> Answer {
        do throws(ElicitationError) {
            switch try await calls.open(request, by: call.access) {
            case .ended(let step): return await end(step)
            case .waiting(let id, let url, _):
                let link = Link(id: id, url: url, message: request.message)
                return takesEvents ? .stream(converse(about: link)) : demand(link)
            }
        } catch {
            return call.answer(to: error)
        }
    }

    /// The link for the client.
    private struct Link: Sendable {
        let id: String
        let url: String
        let message: String

        /// An identifier for the client; the handle at Gatehouse stays here.
        var name: JSON { .string(String(Digest.sha256(id).base64URL.prefix(22))) }

        var json: JSON {
            ["mode": "url", "elicitationId": name, "url": .string(url), "message": .string(message)]
        }
    }

    /// Without a stream the client opens the link itself and repeats the call.
    private func demand(_ link: Link) -> Answer {
        .failure(
            id: call.request.id,
            JSONRPCError(
                .linkRequired, "Open the link, answer there, then repeat the call.", data: ["elicitations": [link.json]]
            ))
    }

    /// The answer for a finished step; the client gets no further round.
    private func end(_ step: ElicitationStep) async -> Answer {
        switch step {
        case .completed(let result): await call.answer(to: result)
        case .refused(let sentence): call.failure(sentence)
        case .unanswered(let url), .ask(let url, _): call.unanswered(url)
        case .wait: call.failure("You have not answered yet.")
        }
    }

    /// An event while the stream is open.
    private enum StreamEvent: Sendable {
        case silence
        case reply(PendingFormElicitations.Reply)
        case over(ElicitationStep)
        case fault(ElicitationError)
    }

    /// Sends the link, keeps the stream alive while the user acts, then notifies the completion and sends the result.
    private func converse(about link: Link) -> AsyncStream<JSONObject?> {
        AsyncStream { messages in
            let task = Task {
                let name = Random.token(16)
                // Registered before the request is sent, so that no reply arrives too early.
                let replies = questions.expect(name, from: call.access)
                messages.yield([
                    "jsonrpc": "2.0", "id": .string(name), "method": "elicitation/create", "params": link.json,
                ])
                let (answer, isOver) = await follow(link, replies) { messages.yield(nil) }
                if isOver { messages.yield(Self.complete(link)) }
                messages.yield(answer.message)
                messages.finish()
            }
            messages.onTermination = { _ in task.cancel() }
        }
    }

    /// The notification that the page behind the link is done.
    private static func complete(_ link: Link) -> JSONObject {
        ["jsonrpc": "2.0", "method": "notifications/elicitation/complete", "params": ["elicitationId": link.name]]
    }

    /// Waits until the user has acted or the client refuses; `isOver` tells whether the elicitation ended.
    private func follow(
        _ link: Link, _ replies: AsyncStream<PendingFormElicitations.Reply>, silence: @Sendable () -> Void
    ) async -> (Answer, isOver: Bool) {
        let (happenings, happening) = AsyncStream<StreamEvent>.makeStream()
        // No task group: it would wait for Gatehouse's answer long after the client has refused.
        let tasks = [
            Task { await wait(for: link, happening) },
            Task { for await reply in replies { happening.yield(.reply(reply)) } },
        ]
        defer { for task in tasks { task.cancel() } }
        for await now in happenings {
            switch now {
            case .silence: silence()
            case .reply(let reply):
                switch reply.action {
                case .accept: continue
                case .decline, .cancel: return (await end(calls.withdraw(link.id)), false)
                case nil: return (call.unanswered(link.url), false)
                }
            case .over(let step): return (await end(step), true)
            case .fault(let fault): return (call.answer(to: fault), false)
            }
        }
        return (call.unanswered(link.url), false)
    }

    /// Waits for the user in intervals; each interval without news yields a keep-alive.
    private func wait(for link: Link, _ happening: AsyncStream<StreamEvent>.Continuation) async {
        defer { happening.finish() }
        do throws(ElicitationError) {
            while !Task.isCancelled {
                if let step = try await calls.wait(for: link.id, request, by: call.access) {
                    happening.yield(.over(step))
                    return
                }
                happening.yield(.silence)
            }
        } catch {
            happening.yield(.fault(error))
        }
    }
}
