import JOSE
import Logging
import OAuth
import Outbound
import Storage
import Synchronization

/// What all lanes share.
struct DeliveryParts: Sendable {
    let store: Store
    let signer: EventSigner
    let sender: EventSender
    let challenge: EndpointChallenge
    let observer: Observer
    let clock: WallClock
    let log: Logger
    /// Where an endpoint that fails is told, once a minute.
    let refusals: DeduplicatedLog

    /// The seconds until the attempt after so many in vain, moved apart from others'.
    func pause(afterAttempts attempts: Int) -> Int64? {
        DeliverySchedule.pause(afterAttempts: attempts, spread: challenge.spread())
    }

    /// Tells the operator, who alone can mend it, and once. The address is not named: it may hold a secret.
    func tell(thatDisabled resource: ResourceID, _ answer: EventAnswer) {
        log.notice(
            "an events endpoint is disabled: nothing is sent there until an operator names one again",
            metadata: metadata(of: resource, answer))
    }

    /// Tells that an endpoint did not take an event; the event itself does not make two such lines different.
    func tell(
        _ message: String, level: Logger.Level = .info, _ answer: EventAnswer, to push: EventPush, of id: ResourceID
    ) {
        refusals.note(
            message, level: level,
            [
                "resource": id.string, "type": push.event.type.rawValue, "status": answer.status.map(String.init),
                "error": answer.error,
            ], reference: push.event.id.string)
    }

    func metadata(of resource: ResourceID, _ answer: EventAnswer) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["resource": "\(resource)"]
        if let status = answer.status { metadata["status"] = "\(status)" }
        if let error = answer.error { metadata["error"] = "\(error)" }
        return metadata
    }
}

/// The way of one MCP server's events to its endpoint: a few at a time, a single one while the endpoint is in trouble, and
/// none before the endpoint has shown that it wants them.
final class DeliveryQueue: Sendable {
    private static let width = 4
    /// Seconds until the database is asked again when it did not answer.
    private static let patience: Int64 = 5

    private let resource: ResourceID
    private let parts: DeliveryParts
    private let bell = WakeSignal()
    private let breaker = Mutex(EndpointBreaker())

    init(_ resource: ResourceID, _ parts: DeliveryParts) {
        self.resource = resource
        self.parts = parts
    }

    /// When the next probe may be made, while the endpoint is in trouble.
    var pausedUntil: Timestamp? { breaker.withLock { $0.pausedUntil } }

    /// Says that there may be something new.
    func wake() { bell.ring() }

    /// Delivers until it is cancelled; what is under way then is broken off and counts as not sent.
    func run() async { await work(untilIdle: false) }

    /// Delivers what can be at this moment.
    func runUntilIdle() async { await work(untilIdle: true) }

    private enum Report: Sendable {
        case woken
        case finished(EventID)
    }

    /// What to send now, and when to look again if nothing happens before.
    private struct Plan {
        var pushes: [EventPush] = []
        var again: Timestamp?
    }

    private func work(untilIdle: Bool) async {
        await withTaskGroup(of: Report.self) { [self] group in
            if !untilIdle { group.addTask { await self.awoken() } }
            var underWay: Set<EventID> = []
            while !Task.isCancelled {
                let plan = await plan(underWay)
                for push in plan.pushes {
                    underWay.insert(push.event.id)
                    group.addTask { await self.deliver(push) }
                }
                if untilIdle, underWay.isEmpty { break }
                let alarm = plan.again.map { bell.ring(in: .seconds($0 - parts.clock.now())) }
                defer { alarm?.cancel() }
                switch await group.next() {
                case .finished(let id): underWay.remove(id)
                case .woken: group.addTask { await self.awoken() }
                case nil: return
                }
            }
            group.cancelAll()
        }
    }

    private func awoken() async -> Report {
        await bell.wait()
        return .woken
    }

    private func plan(_ underWay: Set<EventID>) async -> Plan {
        let now = parts.clock.now()
        do {
            let queue = try await parts.store.read { [resource] in
                try $0.events.pushQueue(of: resource, now: now, limit: 2 * Self.width)
            }
            guard let queue else { return Plan() }
            let (pausedUntil, width) = breaker.withLock { breaker in
                if breaker.endpoint != queue.endpoint || queue.stream == nil {
                    breaker = EndpointBreaker(of: queue.endpoint)
                }
                return (breaker.pausedUntil, breaker.width(atMost: Self.width))
            }
            if let pausedUntil, now < pausedUntil { return Plan(again: pausedUntil) }
            guard underWay.count < width else { return Plan() }
            guard queue.isProven else { return try await challenge(queue, underWay, now) }
            let due = queue.due.filter { !underWay.contains($0.event.id) }.prefix(width - underWay.count)
            return Plan(pushes: due.map { EventPush($0, in: queue) }, again: queue.nextDue)
        } catch is CancellationError {
            return Plan()
        } catch {
            parts.log.warning("events wait for the database", metadata: ["error": "\(error)"])
            return Plan(again: now + Self.patience)
        }
    }

    private func challenge(_ queue: PushQueue, _ underWay: Set<EventID>, _ now: Timestamp) async throws -> Plan {
        guard underWay.isEmpty else { return Plan() }
        switch try await parts.challenge.step(for: queue, of: resource, now: now) {
        case .ask(let push): return Plan(pushes: [push])
        case .wait(let until): return Plan(again: until)
        }
    }

    private func deliver(_ push: EventPush) async -> Report {
        let answer = await push.send(by: parts.sender, signer: parts.signer, now: parts.clock.now())
        // Broken off by the end of the server: that is no word about the endpoint, and the next start sends it again.
        if Task.isCancelled, case .failed = answer { return .finished(push.event.id) }
        let now = parts.clock.now()
        let trouble = note(answer, from: push.endpoint, now)
        do {
            if push.event.type == .verification {
                let isDisabled = try await parts.challenge.note(answer, to: push, of: resource, now: now)
                if isDisabled { parts.tell(thatDisabled: resource, answer.kept) }
                switch answer {
                case .accepted, .gone: break
                case .refused, .failed:
                    parts.tell("an events endpoint did not take its verification", answer.kept, to: push, of: resource)
                }
            } else {
                try await DeliveryRecord(resource: resource, parts: parts).write(answer, to: push, after: trouble, now)
            }
        } catch {
            // It stays in the queue and is sent again; a database that does not write must not make that a storm.
            breaker.withLock { $0.failed(isTrouble: true, retryAfter: Self.patience, now: now) }
            parts.log.warning("a delivery was not written down", metadata: ["error": "\(error)"])
        }
        return .finished(push.event.id)
    }

    /// How long the trouble was that is over with this answer; nil if there was none, or there is still.
    private func note(_ answer: PushAnswer, from endpoint: String, _ now: Timestamp) -> Int64? {
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

extension EventPush {
    /// What the queue says of an event.
    init(_ record: EventRecord, in queue: PushQueue) {
        self.init(
            event: record.event, audience: queue.audience, endpoint: queue.endpoint, attempts: record.attempts)
    }
}
