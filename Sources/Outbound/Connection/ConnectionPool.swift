import NIOCore
import NIOPosix
import Synchronization

/// Limits the connections per origin and keeps idle ones for 30 seconds.
final class ConnectionPool: Sendable {
    private struct Idle {
        let connection: PinnedConnection
        let since: NIODeadline
    }

    private struct Waiter {
        let id: UInt64
        let turn: EventLoopPromise<PinnedConnection?>
    }

    private struct Origin {
        var leased = 0
        var idle: [Idle] = []
        var waiting: [Waiter] = []
    }

    private struct State {
        var origins: [String: Origin] = [:]
        var nextWaiter: UInt64 = 0
    }

    /// Shorter than the idle timeout of common servers, so that few idle connections turn out closed.
    private static let keptFor: TimeAmount = .seconds(30)

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = max(1, limit)
    }

    /// Waits for a free slot. Returns an idle connection, or nil if the caller has to open one. Every lease needs one `giveBack`.
    func lease(_ origin: String, deadline: NIODeadline) async throws(OutboundFailure) -> PinnedConnection? {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let turn = eventLoop.makePromise(of: PinnedConnection?.self)
        let waiter: UInt64? = state.withLock { state in
            if state.origins[origin, default: Origin()].leased < limit {
                state.origins[origin, default: Origin()].leased += 1
                turn.succeed(Self.kept(&state.origins[origin, default: Origin()]))
                return nil
            }
            state.nextWaiter += 1
            state.origins[origin, default: Origin()].waiting.append(Waiter(id: state.nextWaiter, turn: turn))
            return state.nextWaiter
        }
        if let waiter {
            let timer = eventLoop.scheduleTask(deadline: deadline) { [self] in giveUp(waiter, origin) }
            turn.futureResult.whenComplete { _ in timer.cancel() }
        }
        do {
            return try await turn.futureResult.get()
        } catch {
            throw .deadline
        }
    }

    /// Ends a lease. A connection that is still open goes to the next waiter or stays idle.
    func giveBack(_ connection: PinnedConnection?, _ origin: String) {
        let alive = connection.flatMap { $0.isAlive ? $0 : nil }
        state.withLock { state in
            var entry = state.origins[origin, default: Origin()]
            if let alive { entry.idle.append(Idle(connection: alive, since: .now())) }
            // A slot passes directly to the next waiter, so the count changes only without one.
            if entry.waiting.isEmpty {
                entry.leased -= 1
            } else {
                entry.waiting.removeFirst().turn.succeed(Self.kept(&entry))
            }
            let isUnused = entry.leased == 0 && entry.idle.isEmpty
            state.origins[origin] = isUnused ? nil : entry
        }
    }

    /// Closes the idle connections.
    func drain() {
        let idle = state.withLock { state in
            let idle = state.origins.values.flatMap(\.idle)
            for origin in state.origins.keys { state.origins[origin]?.idle = [] }
            return idle
        }
        for entry in idle { entry.connection.close() }
    }

    private func giveUp(_ waiter: UInt64, _ origin: String) {
        let turn = state.withLock { state -> EventLoopPromise<PinnedConnection?>? in
            guard let index = state.origins[origin]?.waiting.firstIndex(where: { $0.id == waiter }) else { return nil }
            return state.origins[origin]?.waiting.remove(at: index).turn
        }
        turn?.fail(OutboundFailure.deadline)
    }

    /// The most recently used open connection; expired ones are closed.
    private static func kept(_ origin: inout Origin) -> PinnedConnection? {
        let oldest = NIODeadline.now() - keptFor
        for entry in origin.idle where entry.since <= oldest { entry.connection.close() }
        origin.idle.removeAll { $0.since <= oldest || !$0.connection.isAlive }
        return origin.idle.popLast()?.connection
    }
}
