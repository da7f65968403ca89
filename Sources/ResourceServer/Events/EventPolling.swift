import JOSE

/// Fetches events, for MCP servers without an endpoint that can be reached.
///
/// Spec: RFC 8936 §2.4
extension EventReceiver {
    /// Fetches events by long polls of up to 30 seconds until the task is cancelled. Run it once per process, and not at all where
    /// events are pushed.
    public func poll() async {
        var settled = AcknowledgedEvents()
        var isFirst = true
        while !Task.isCancelled {
            let body = settled.body(isImmediate: isFirst)
            let asked = ContinuousClock.now
            do throws(ElicitationError) {
                let answer = try await authority.ask(.awaitPost(body.bytes), "/events/poll")
                let sets = answer["sets"]?.object ?? [:]
                settled = await process(sets)
                if answer["moreAvailable"] != true, !settled.mustRetry { coverage.polled(at: authority.clock()) }
                // A server that is stopping does not hold polls: without a pause this would loop.
                if sets.isEmpty, !isFirst, ContinuousClock.now - asked < .seconds(1) { await sleep(1) }
                isFirst = false
            } catch {
                // The next poll repeats the acknowledgements that were lost.
                settled.mustRetry = true
            }
            if settled.mustRetry { await sleep(Self.pause) }
        }
    }

    private static let pause = 5

    private func process(_ sets: JSONObject) async -> AcknowledgedEvents {
        var settled = AcknowledgedEvents()
        for (name, token) in sets.members {
            let reply = await process(token.string ?? "")
            switch reply.status {
            case 202: settled.accepted.append(name)
            case 400:
                settled.refused.append((name, reply.body))
                // The authorization server will not send it again, so a revocation may be lost.
                doubt()
            default: settled.mustRetry = true
            }
        }
        return settled
    }
}

/// The outcome of fetched events, which the next poll reports.
struct AcknowledgedEvents {
    var accepted: [String] = []
    var refused: [(name: String, error: [UInt8])] = []
    /// Whether an event has to be fetched again after a pause.
    var mustRetry = false

    /// The body of the next poll.
    func body(isImmediate: Bool) -> JSONObject {
        var body: JSONObject = ["maxEvents": 100, "returnImmediately": .bool(isImmediate), "ack": .strings(accepted)]
        var errors = JSONObject()
        for (name, error) in refused { errors[name] = (try? JSON.parse(error)) ?? ["err": "invalid_request"] }
        if !errors.isEmpty { body["setErrs"] = .object(errors) }
        return body
    }
}
