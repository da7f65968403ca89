import JOSE

/// Fetches events where none can be pushed to.
///
/// Spec: RFC 8936 §2.4
extension EventReceiver {
    /// Fetches events until the task is cancelled; a question waits up to half a minute for its answer. Run one of these in
    /// a process, and none where events are pushed.
    public func poll() async {
        var settled = AcknowledgedEvents()
        var isFirst = true
        while !Task.isCancelled {
            let body = settled.body(isImmediate: isFirst)
            let asked = ContinuousClock.now
            do throws(ElicitationError) {
                let answer = try await authority.ask(.awaitPost(body.bytes), "/events/poll")
                let sets = answer["sets"]?.object ?? [:]
                settled = await take(sets)
                if answer["moreAvailable"] != true, !settled.isPutOff { coverage.polled(at: authority.clock()) }
                // A server that is stopping holds no question.
                if sets.isEmpty, !isFirst, ContinuousClock.now - asked < .seconds(1) { await sleep(1) }
                isFirst = false
            } catch {
                // What was settled and not heard is told again by the next question.
                settled.isPutOff = true
            }
            if settled.isPutOff { await sleep(Self.pause) }
        }
    }

    private static let pause = 5

    private func take(_ sets: JSONObject) async -> AcknowledgedEvents {
        var settled = AcknowledgedEvents()
        for (name, token) in sets.members {
            let reply = await judge(token.string ?? "")
            switch reply.status {
            case 202: settled.taken.append(name)
            case 400:
                settled.refused.append((name, reply.body))
                // It came from the authorization server itself and will not come again.
                doubt()
            default: settled.isPutOff = true
            }
        }
        return settled
    }
}

/// What became of fetched events, for the next question to say.
struct AcknowledgedEvents {
    var taken: [String] = []
    var refused: [(name: String, error: [UInt8])] = []
    /// Something has to come again, but not at once.
    var isPutOff = false

    /// The next question.
    func body(isImmediate: Bool) -> JSONObject {
        var body: JSONObject = ["maxEvents": 100, "returnImmediately": .bool(isImmediate), "ack": .strings(taken)]
        var errors = JSONObject()
        for (name, error) in refused { errors[name] = (try? JSON.parse(error)) ?? ["err": "invalid_request"] }
        if !errors.isEmpty { body["setErrs"] = .object(errors) }
        return body
    }
}
