import JOSE
import Logging
import OAuth
import Outbound
import Storage
import Synchronization

/// The services that the delivery queues of all MCP servers share.
struct DeliveryServices: Sendable {
    let store: Store
    let signer: EventSigner
    let sender: EventSender
    let verification: VerificationValue
    /// Numbers in -1…1 that vary the pauses between attempts.
    let spread: @Sendable () -> Double
    let observer: Observer
    let clock: WallClock
    let log: Logger
    /// The log of failing endpoints, which writes equal lines once a minute.
    let refusals: DeduplicatedLog

    /// The pause before the next attempt after so many failed ones, in seconds with a random spread; nil after the last
    /// one.
    func pause(afterAttempts attempts: Int) -> Int64? {
        DeliverySchedule.pause(afterAttempts: attempts, spread: spread())
    }

    /// Logs once that an endpoint was disabled, because only an operator can act. The line omits the address, which may
    /// hold a secret.
    func logDisabled(_ resource: ResourceID, _ answer: EventAnswer) {
        log.notice(
            "an events endpoint is disabled; nothing is sent there until its MCP server or an operator has it verified again",
            metadata: metadata(of: resource, answer))
    }

    /// Logs that an endpoint did not accept an event. The id of the event is the reference of the line, so that lines
    /// about different events count as equal.
    func logRefusal(
        _ message: String, level: Logger.Level = .info, _ answer: EventAnswer, to push: EventPush, of id: ResourceID
    ) {
        refusals.note(
            message, level: level,
            [
                "resource": id.string, "type": push.event.type.rawValue, "status": answer.status.map(String.init),
                "error": answer.error,
            ], reference: push.event.id.string)
    }

    private func metadata(of resource: ResourceID, _ answer: EventAnswer) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["resource": "\(resource)"]
        if let status = answer.status { metadata["status"] = "\(status)" }
        if let error = answer.error { metadata["error"] = "\(error)" }
        return metadata
    }
}

/// Delivers the events of one MCP server to its endpoint: a few at a time, one at a time while the endpoint fails, and
/// none before the endpoint is verified.
final class DeliveryQueue: Sendable {
    /// How many events are sent at the same time.
    private static let width = 4
    /// The pause after a failure of the database, in seconds.
    private static let databasePause: Int64 = 5

    private let resource: ResourceID
    private let services: DeliveryServices
    private let signal = WakeSignal()
    private let breaker = Mutex(EndpointBreaker())

    init(_ resource: ResourceID, _ services: DeliveryServices) {
        self.resource = resource
        self.services = services
    }

    /// When the next probe of a failing endpoint is due; nil while the endpoint works.
    var pausedUntil: Timestamp? { breaker.withLock { $0.pausedUntil } }

    /// Makes the queue look for new events.
    func wake() { signal.send() }

    /// Delivers until the task is cancelled. Requests that run then are aborted and count as not sent.
    func run() async { await deliverEvents(untilIdle: false) }

    /// Delivers everything that is due now, and returns.
    func runUntilIdle() async { await deliverEvents(untilIdle: true) }

    private enum TaskResult: Sendable {
        case woken
        case delivered(EventID)
    }

    /// The events to send now, and the time of the next look if nothing happens before.
    private struct Plan {
        var pushes: [EventPush] = []
        var again: Timestamp?
    }

    private func deliverEvents(untilIdle: Bool) async {
        await withTaskGroup(of: TaskResult.self) { [self] group in
            if !untilIdle { group.addTask { await self.waitForSignal() } }
            var sending: Set<EventID> = []
            while !Task.isCancelled {
                let plan = await plan(sending)
                for push in plan.pushes {
                    sending.insert(push.event.id)
                    group.addTask { await self.deliver(push) }
                }
                if untilIdle, sending.isEmpty { break }
                let alarm = plan.again.map { signal.send(after: .seconds($0 - services.clock.now())) }
                defer { alarm?.cancel() }
                switch await group.next() {
                case .delivered(let id): sending.remove(id)
                case .woken: group.addTask { await self.waitForSignal() }
                case nil: return
                }
            }
            group.cancelAll()
        }
    }

    private func waitForSignal() async -> TaskResult {
        await signal.wait()
        return .woken
    }

    private func plan(_ sending: Set<EventID>) async -> Plan {
        let now = services.clock.now()
        do {
            guard let queue = try await queue(now) else { return Plan() }
            let (pausedUntil, width) = breaker.withLock { breaker in
                if breaker.endpoint != queue.endpoint || queue.stream == nil {
                    breaker = EndpointBreaker(of: queue.endpoint)
                }
                return (breaker.pausedUntil, breaker.width(atMost: Self.width))
            }
            var due = queue.due.filter { !sending.contains($0.event.id) }
            if let pausedUntil, now < pausedUntil {
                // Somebody who asks for a verification event has repaired the endpoint: that event is the probe.
                due = due.filter { $0.event.type == .verification && $0.attempts == 0 }
                guard !due.isEmpty else { return Plan(again: pausedUntil) }
            }
            guard sending.count < width else { return Plan() }
            let pushes = due.prefix(width - sending.count).map { EventPush($0, in: queue, services.verification) }
            return Plan(pushes: pushes, again: queue.nextDue)
        } catch is CancellationError {
            return Plan()
        } catch {
            services.log.warning("events could not be read from the database", metadata: ["error": "\(error)"])
            return Plan(again: now + Self.databasePause)
        }
    }

    /// What is due now. An endpoint without a verification gets its verification event first.
    private func queue(_ now: Timestamp) async throws -> PushQueue? {
        func read() async throws -> PushQueue? {
            try await services.store.read { [resource] in
                try $0.events.pushQueue(of: resource, now: now, limit: 2 * Self.width)
            }
        }
        let queue = try await read()
        guard queue?.lacksVerification == true else { return queue }
        try await services.store.write { [resource] in _ = try $0.eventVerifications.request(of: resource, now: now) }
        return try await read()
    }

    private func deliver(_ push: EventPush) async -> TaskResult {
        let answer = await push.send(by: services.sender, signer: services.signer, now: services.clock.now())
        // The shutdown aborted the request. That says nothing about the endpoint, and the next start sends the event
        // again.
        if Task.isCancelled, case .failed = answer { return .delivered(push.event.id) }
        let now = services.clock.now()
        let trouble = updateBreaker(answer, from: push.endpoint, now)
        do {
            if push.event.type == .verification {
                try await VerificationRecord(resource: resource, services: services).write(
                    answer, to: push, after: trouble, now)
            } else {
                try await DeliveryRecord(resource: resource, services: services).write(
                    answer, to: push, after: trouble, now)
            }
        } catch {
            // The event stays in the queue and is sent again. Without the pause a database that cannot write would
            // cause a storm of requests.
            breaker.withLock { $0.failed(isTrouble: true, retryAfter: Self.databasePause, now: now) }
            services.log.warning("a delivery could not be recorded", metadata: ["error": "\(error)"])
        }
        return .delivered(push.event.id)
    }

    /// Updates the breaker and returns how long the trouble was that this answer ends, in seconds; nil if it ends none.
    private func updateBreaker(_ answer: PushAnswer, from endpoint: String, _ now: Timestamp) -> Int64? {
        breaker.withLock { breaker in
            guard breaker.endpoint == endpoint else { return nil }
            switch answer {
            case .accepted, .refused: return breaker.succeeded(now: now)
            case .failed(_, let isTrouble, let retryAfter):
                breaker.failed(isTrouble: isTrouble, retryAfter: retryAfter, now: now)
                return nil
            case .gone: return nil
            }
        }
    }
}
