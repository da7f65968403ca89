package import Logging
package import OAuth
package import Outbound
import ServiceLifecycle
import Storage
import Synchronization

/// Pushes events to the MCP servers that have an events endpoint. Each has a queue of its own, which sleeps until a
/// commit adds an event or an attempt is due.
///
/// An event stays in the database until its receiver has it. If the process dies between sending and recording, the
/// event is sent again with the same `jti`.
package final class EventDeliverer: Service {
    private let services: DeliveryServices
    private let queues = Mutex<[ResourceID: DeliveryQueue]>([:])

    /// A deliverer for the events of `gatehouse`. `spread` gives numbers in -1…1 that vary the pauses between attempts.
    package init(
        _ gatehouse: Gatehouse, sender: EventSender, log: Logger,
        spread: @escaping @Sendable () -> Double = { Double.random(in: -1...1) }
    ) {
        services = DeliveryServices(
            store: gatehouse.store, signer: EventSigner(issuer: gatehouse.settings.issuer, keys: gatehouse.keys),
            sender: sender,
            verification: VerificationValue(keys: gatehouse.keys), spread: spread,
            observer: gatehouse.observer, clock: gatehouse.clock, log: log, refusals: gatehouse.refusals)
    }

    /// Delivers until the server shuts down. Requests that run then are aborted and sent again after the next start.
    package func run() async throws {
        let pending = PendingDeliveries()
        services.store.onCommit { pending.add($0.streams) }
        await cancelWhenGracefulShutdown { [self] in
            await withDiscardingTaskGroup { group in
                var running: Set<ResourceID> = []
                var touched = await endpoints()
                while !Task.isCancelled {
                    for id in touched {
                        let queue = queue(of: id)
                        guard running.insert(id).inserted else {
                            queue.wake()
                            continue
                        }
                        group.addTask { await queue.run() }
                    }
                    touched = await pending.next()
                }
            }
        }
        services.sender.close()
    }

    /// Sends everything that is due now, and returns.
    package func deliverDue() async {
        let queues = await endpoints().map(queue)
        await withDiscardingTaskGroup { group in
            for queue in queues { group.addTask { await queue.runUntilIdle() } }
        }
    }

    /// The MCP servers whose endpoints fail now, with the time of the next probe.
    package func paused() -> [ResourceID: Timestamp] {
        let now = services.clock.now()
        return queues.withLock { $0 }.compactMapValues { queue in queue.pausedUntil.flatMap { $0 > now ? $0 : nil } }
    }

    private func queue(of id: ResourceID) -> DeliveryQueue {
        queues.withLock { queues in
            if let queue = queues[id] { return queue }
            let queue = DeliveryQueue(id, services)
            queues[id] = queue
            return queue
        }
    }

    private func endpoints() async -> Set<ResourceID> {
        while !Task.isCancelled {
            do {
                return Set(try await services.store.read { try $0.events.pushedResources() })
            } catch is CancellationError {
                // The shutdown is no failure of the database.
                break
            } catch {
                services.log.warning("events could not be read from the database", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .seconds(5))
            }
        }
        return []
    }
}

/// Collects the MCP servers with new events until the deliverer asks for them.
private final class PendingDeliveries: Sendable {
    private let touched = Mutex<Set<ResourceID>>([])
    private let signal = WakeSignal()

    func add(_ ids: Set<ResourceID>) {
        guard !ids.isEmpty else { return }
        touched.withLock { $0.formUnion(ids) }
        signal.send()
    }

    /// Waits until there are some, or until the task is cancelled.
    func next() async -> Set<ResourceID> {
        await signal.wait()
        return touched.withLock { touched in
            defer { touched = [] }
            return touched
        }
    }
}
