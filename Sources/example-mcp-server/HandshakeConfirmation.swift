import JOSE
import ResourceServer

/// A call that needs a person's approval, while the client listens to the stream of its answer.
///
/// Spec: MCP 2025-11-25 §Elicitation
struct HandshakeConfirmation: Sendable {
    let confirmations: Confirmations
    let questions: OpenQuestions
    let call: ToolCall
    let ask: @Sendable (JSONObject, Access) async -> Tool.Question

    func answer(takesEvents: Bool) async -> Answer {
        switch await ask(call.arguments, call.access) {
        case .pointless(let sentence): return call.failure(sentence)
        case .confirm(let action, let message):
            do throws(ElicitationFault) {
                switch try await confirmations.open(action, message: message, by: call.access) {
                case .over(let step): return await end(step)
                case .waiting(let id, let url, _):
                    let link = Link(id: id, url: url, message: message)
                    return takesEvents ? .stream(converse(about: link, action)) : demand(link)
                }
            } catch {
                return call.answer(to: error)
            }
        }
    }

    /// What the client is given.
    private struct Link: Sendable {
        let id: String
        let url: String
        let message: String

        /// A name for the client, which is not the handle that Gatehouse knows.
        var name: JSON { .string(String(Digest.sha256(id).base64URL.prefix(22))) }

        var json: JSON {
            ["mode": "url", "elicitationId": name, "url": .string(url), "message": .string(message)]
        }
    }

    /// Where there is no stream the client opens the link by itself, and calls again.
    private func demand(_ link: Link) -> Answer {
        .failure(
            id: call.request.id,
            JSONRPCError(
                .linkRequired, "Open the link, approve, then call again.", data: ["elicitations": [link.json]]))
    }

    private func end(_ step: ConfirmationStep) async -> Answer {
        switch step {
        case .approved: await call.answer()
        case .refused(let sentence): call.failure(sentence)
        case .unanswered(let url), .ask(let url, _): call.unanswered(url)
        case .wait: call.failure("The approval did not come.")
        }
    }

    /// What happens while the stream is open.
    private enum Happening: Sendable {
        case silence
        case reply(OpenQuestions.Reply)
        case over(ConfirmationStep)
        case fault(ElicitationFault)
    }

    private func converse(about link: Link, _ action: ElicitationAction) -> AsyncStream<JSONObject?> {
        AsyncStream { messages in
            let task = Task {
                let name = Random.token(16)
                // Registered before it is asked, so that no answer comes too early.
                let replies = questions.expect(name, from: call.access)
                messages.yield([
                    "jsonrpc": "2.0", "id": .string(name), "method": "elicitation/create", "params": link.json,
                ])
                let (answer, isOver) = await follow(link, action, replies) { messages.yield(nil) }
                if isOver { messages.yield(Self.complete(link)) }
                messages.yield(answer.message)
                messages.finish()
            }
            messages.onTermination = { _ in task.cancel() }
        }
    }

    private static func complete(_ link: Link) -> JSONObject {
        ["jsonrpc": "2.0", "method": "notifications/elicitation/complete", "params": ["elicitationId": link.name]]
    }

    /// Until the person has acted or the client refuses; the second value tells whether it was the person.
    private func follow(
        _ link: Link, _ action: ElicitationAction, _ replies: AsyncStream<OpenQuestions.Reply>,
        silence: @Sendable () -> Void
    ) async -> (Answer, isOver: Bool) {
        let (happenings, happening) = AsyncStream<Happening>.makeStream()
        // No group: it would stay until the question at Gatehouse is answered, when the client has refused long before.
        let tasks = [
            Task { await wait(for: link, action, happening) },
            Task { for await reply in replies { happening.yield(.reply(reply)) } },
        ]
        defer { for task in tasks { task.cancel() } }
        for await now in happenings {
            switch now {
            case .silence: silence()
            case .reply(.action(.accept)): continue
            case .reply(.action): return (await end(confirmations.withdraw(link.id)), false)
            case .reply(.failed): return (call.unanswered(link.url), false)
            case .over(let step): return (await end(step), true)
            case .fault(let fault): return (call.answer(to: fault), false)
            }
        }
        return (call.unanswered(link.url), false)
    }

    private func wait(
        for link: Link, _ action: ElicitationAction, _ happening: AsyncStream<Happening>.Continuation
    ) async {
        defer { happening.finish() }
        do throws(ElicitationFault) {
            while !Task.isCancelled {
                if let step = try await confirmations.wait(for: link.id, action, by: call.access) {
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
