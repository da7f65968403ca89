import Dispatch
import GRDB
import OAuth
import Synchronization

/// One write that waits for its turn: what it does, and whom it tells.
struct QueuedWrite: Sendable {
    /// Does the work and returns what to tell once it is durable. May run again after a neighbour broke the group.
    let attempt: @Sendable (Transaction) throws -> @Sendable () -> Void
    /// Tells that the work did not happen.
    let fail: @Sendable (any Error) -> Void
    /// The request that asks, which the writer's own thread would not know.
    var trace = TraceID.current
}

/// Drains waiting writes into one transaction with one durable commit; nobody hears of success before it returned.
///
/// It runs on its own queue and never in a caller's task: GRDB interrupts a connection whose task is cancelled, and
/// one client that hangs up must not take its neighbours' writes along.
final class GroupCommit: Sendable {
    private struct Waiting {
        var writes: [QueuedWrite] = []
        var isDraining = false
        var refusal: StoreError?
    }

    private static let largestGroup = 256
    private static let changesPerCheckpoint = 1_000

    private let pool: DatabasePool
    private let limit: Int
    private let queue = DispatchQueue(label: "gatehouse.commit", qos: .userInitiated)
    private let waiting = Mutex(Waiting())
    private let chain = AuditChain()
    let clients = ClientChanges()
    let signals = PendingSignals()
    private let changesAtCheckpoint = Atomic<Int>(0)

    init(pool: DatabasePool, limit: Int) {
        self.pool = pool
        self.limit = limit
    }

    /// Queues a write, or refuses it when too many wait or the disk can no longer be trusted.
    func add(_ write: QueuedWrite) throws(StoreError) {
        let refusal: StoreError? = waiting.withLock { waiting in
            if let refusal = waiting.refusal { return refusal }
            guard waiting.writes.count < limit else { return .busy }
            waiting.writes.append(write)
            if !waiting.isDraining {
                waiting.isDraining = true
                queue.async { self.drain() }
            }
            return nil
        }
        if let refusal { throw refusal }
    }

    /// How many writes wait for their group.
    var count: Int { waiting.withLock { $0.writes.count } }

    /// Takes no further write and returns when those that waited are done.
    func stop() {
        waiting.withLock { $0.refusal = $0.refusal ?? .closed }
        queue.sync {}
    }

    private func drain() {
        while let group = next() {
            var deliveries: [() -> Void] = []
            pool.writeWithoutTransaction { deliveries = commit(group, in: $0) }
            for deliver in deliveries { deliver() }
            pool.writeWithoutTransaction { checkpointIfDue($0) }
        }
    }

    private func next() -> [QueuedWrite]? {
        waiting.withLock { waiting in
            guard !waiting.writes.isEmpty else {
                waiting.isDraining = false
                return nil
            }
            let group = Array(waiting.writes.prefix(Self.largestGroup))
            waiting.writes.removeFirst(group.count)
            return group
        }
    }

    /// Runs every member under its own savepoint and commits once; returns what to tell them all.
    private func commit(_ group: [QueuedWrite], in db: Database) -> [() -> Void] {
        if let refusal = waiting.withLock({ $0.refusal }), refusal != .closed {
            return group.map { write in { write.fail(refusal) } }
        }
        do {
            try RawStatement("BEGIN IMMEDIATE", in: db).run()
            var deliveries: [() -> Void] = []
            for (index, write) in group.enumerated() {
                do {
                    deliveries.append(try attempt(write, in: db))
                } catch  where !db.isInsideTransaction {
                    return afterLoss(of: group, at: index, to: error, in: db)
                }
            }
            try RawStatement("COMMIT", in: db).run()
            clients.commit()
            signals.publish()
            return deliveries
        } catch {
            abandon(db)
            return failAll(group, with: error)
        }
    }

    /// One member: its own error undoes its own work. Throws only when the whole transaction cannot go on.
    private func attempt(_ write: QueuedWrite, in db: Database) throws -> () -> Void {
        let mark = chain.mark()
        try RawStatement("SAVEPOINT member", in: db).run()
        do {
            let deliver = try write.attempt(
                Transaction(db: db, chain: chain, clientChanges: clients, signals: signals, trace: write.trace))
            try RawStatement("RELEASE member", in: db).run()
            return deliver
        } catch {
            guard db.isInsideTransaction, !StoreError.isFinal(error) else { throw error }
            try RawStatement("ROLLBACK TO member", in: db).run()
            try RawStatement("RELEASE member", in: db).run()
            chain.restore(mark)
            let reason = StoreError.translate(error)
            return { write.fail(reason) }
        }
    }

    /// A full disk in one savepoint rolled back everybody. The one who met it hears so; the others run again, alone,
    /// because nothing says that their smaller writes do not fit.
    private func afterLoss(
        of group: [QueuedWrite], at index: Int, to error: any Error, in db: Database
    ) -> [() -> Void] {
        chain.forget()
        if StoreError.isFinal(error) { return failAll(group, with: error) }
        let reason = StoreError.translate(error)
        var deliveries: [() -> Void] = [{ group[index].fail(reason) }]
        for (other, write) in group.enumerated() where other != index {
            deliveries += commit([write], in: db)
        }
        return deliveries
    }

    private func failAll(_ group: [QueuedWrite], with error: any Error) -> [() -> Void] {
        let reason = StoreError.translate(error)
        if StoreError.isFinal(error), let final = reason as? StoreError {
            waiting.withLock { $0.refusal = $0.refusal ?? final }
        }
        return group.map { write in { write.fail(reason) } }
    }

    private func abandon(_ db: Database) {
        chain.forget()
        guard db.isInsideTransaction else { return }
        do {
            try RawStatement("ROLLBACK", in: db).run()
        } catch {
            waiting.withLock { $0.refusal = $0.refusal ?? .failed("a rollback failed") }
        }
    }

    /// Checkpoints here, by the only connection that ever does, so that a failing fsync is seen: SQLite's automatic
    /// checkpoint swallows it.
    private func checkpointIfDue(_ db: Database) {
        let changes = db.totalChangesCount
        guard changes - changesAtCheckpoint.load(ordering: .relaxed) >= Self.changesPerCheckpoint else { return }
        changesAtCheckpoint.store(changes, ordering: .relaxed)
        do {
            _ = try db.checkpoint(.passive)
        } catch {
            _ = failAll([], with: error)
        }
    }
}
