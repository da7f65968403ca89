package import Logging
package import OAuth
package import Outbound
import ServiceLifecycle
import Storage
import Synchronization

/// Brings events to the MCP servers that take them at an endpoint: each has a queue of its own, which sleeps until the
/// store says that there is something new or something is due again.
///
/// An event is in the database until its receiver has it. Whatever happens between sending and writing that down, it is
/// sent again, with the same `jti`.
package final class EventDeliverer: Service {
    private let parts: DeliveryParts
    private let lanes = Mutex<[ResourceID: DeliveryQueue]>([:])

    /// Delivers the events of `gatehouse`. `spread` gives numbers in -1…1 by which attempts are moved apart.
    package init(
        _ gatehouse: Gatehouse, sender: EventSender, log: Logger,
        spread: @escaping @Sendable () -> Double = { Double.random(in: -1...1) }
    ) {
        parts = DeliveryParts(
            store: gatehouse.store, signer: EventSigner(issuer: gatehouse.settings.issuer, keys: gatehouse.keys),
            sender: sender,
            challenge: EndpointChallenge(store: gatehouse.store, keys: gatehouse.keys, spread: spread),
            observer: gatehouse.observer, clock: gatehouse.clock, log: log, refusals: gatehouse.refusals)
    }

    /// Delivers until the server shuts down; what is under way then is broken off, and sent again after the next start.
    package func run() async throws {
        let news = PendingDeliveries()
        parts.store.onCommit { news.add($0.streams) }
        await cancelWhenGracefulShutdown { [self] in
            await withDiscardingTaskGroup { group in
                var running: Set<ResourceID> = []
                var touched = await endpoints()
                while !Task.isCancelled {
                    for id in touched {
                        let lane = lane(of: id)
                        guard running.insert(id).inserted else {
                            lane.wake()
                            continue
                        }
                        group.addTask { await lane.run() }
                    }
                    touched = await news.next()
                }
            }
        }
        parts.sender.close()
    }

    /// Sends all that can be sent at this moment, and returns when that is done.
    package func round() async {
        let lanes = await endpoints().map(lane)
        await withDiscardingTaskGroup { group in
            for lane in lanes { group.addTask { await lane.runUntilIdle() } }
        }
    }

    /// Until when nothing is sent to the MCP servers whose endpoints are in trouble now.
    package func paused() -> [ResourceID: Timestamp] {
        let now = parts.clock.now()
        return lanes.withLock { $0 }.compactMapValues { lane in lane.pausedUntil.flatMap { $0 > now ? $0 : nil } }
    }

    private func lane(of id: ResourceID) -> DeliveryQueue {
        lanes.withLock { lanes in
            if let lane = lanes[id] { return lane }
            let lane = DeliveryQueue(id, parts)
            lanes[id] = lane
            return lane
        }
    }

    private func endpoints() async -> Set<ResourceID> {
        while !Task.isCancelled {
            do {
                return Set(try await parts.store.read { try $0.events.pushedResources() })
            } catch is CancellationError {
                // The server stops, which is nothing that an operator has to be told.
                break
            } catch {
                parts.log.warning("events wait for the database", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .seconds(5))
            }
        }
        return []
    }
}

/// Collects which MCP servers' events were touched while nobody looked.
private final class PendingDeliveries: Sendable {
    private let touched = Mutex<Set<ResourceID>>([])
    private let bell = WakeSignal()

    func add(_ ids: Set<ResourceID>) {
        guard !ids.isEmpty else { return }
        touched.withLock { $0.formUnion(ids) }
        bell.ring()
    }

    /// Waits for some, or for the end of the task.
    func next() async -> Set<ResourceID> {
        await bell.wait()
        return touched.withLock { touched in
            defer { touched = [] }
            return touched
        }
    }
}
