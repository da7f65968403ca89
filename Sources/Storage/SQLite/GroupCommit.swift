import Dispatch
import GRDB
import OAuth
import Synchronization

/// One write that waits for its turn.
struct QueuedWrite: Sendable {
    /// Does the work and returns the closure that resumes the caller once the group is durable. It runs again when another
    /// member broke the group.
    let attempt: @Sendable (Transaction) throws -> @Sendable () -> Void
    /// Resumes the caller with an error: the work did not happen.
    let fail: @Sendable (any Error) -> Void
    /// The caller's request, taken here because the writer's queue has no task-local values.
    var trace = TraceID.current
    /// The reason that the caller's administrator stated.
    var statedReason = StatedReason.current
}

/// Drains waiting writes into one transaction with one durable commit. No caller resumes before the commit returned.
///
/// It runs on a queue of its own and never in a caller's task: GRDB interrupts a connection whose task is cancelled, and
/// one client that hangs up must not take other clients' writes along.
final class GroupCommit: Sendable {
    /// The queue of writes; only its lock protects it, and any thread may add.
    private struct Waiting {
        var writes: [QueuedWrite] = []
        var isDraining = false
        var refusal: StoreError?
    }

    /// Writes in one commit at most, so that no caller waits for an endless group.
    private static let largestGroup = 256
    /// Changed rows after which the log is folded into the database.
    private static let changesPerCheckpoint = 1_000

    private let pool: DatabasePool
    private let limit: Int
    private let queue = DispatchQueue(label: "gatehouse.commit", qos: .userInitiated)
    private let waiting = Mutex(Waiting())
    private let memory: StoreMemory
    /// What the writer committed, for the metrics.
    let meter = CommitMeter()
    private let changesAtCheckpoint = Atomic<Int>(0)

    /// The writer of `pool`; the write after `limit` waiting ones is refused.
    init(pool: DatabasePool, memory: StoreMemory, limit: Int) {
        self.pool = pool
        self.memory = memory
        self.limit = limit
    }

    /// Queues a write, or refuses it when too many wait or an earlier failure proved the disk unreliable.
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

    /// The number of writes that wait for a group.
    var count: Int { waiting.withLock { $0.writes.count } }

    /// Refuses further writes and returns when the waiting ones are done.
    func stop() {
        waiting.withLock { $0.refusal = $0.refusal ?? .closed }
        queue.sync {}
    }

    private func drain() {
        while let group = next() {
            var deliveries: [() -> Void] = []
            pool.writeWithoutTransaction { db in
                deliveries = meter.measure(group.count) { commit(group, in: db) }
            }
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

    /// Runs every member under its own savepoint and commits once; returns the closures that resume the callers.
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
            memory.publishGroup()
            return deliveries
        } catch {
            abandon(db)
            return failAll(group, with: error)
        }
    }

    /// Runs one member, whose own error undoes its own work. Throws only when the whole transaction cannot go on.
    private func attempt(_ write: QueuedWrite, in db: Database) throws -> () -> Void {
        let mark = memory.auditChain.mark()
        try RawStatement("SAVEPOINT member", in: db).run()
        do {
            let deliver = try write.attempt(
                Transaction(
                    db: db, memory: memory, isWrite: true, trace: write.trace, statedReason: write.statedReason))
            try RawStatement("RELEASE member", in: db).run()
            return deliver
        } catch {
            guard db.isInsideTransaction, !StoreError.isFinal(error) else { throw error }
            try RawStatement("ROLLBACK TO member", in: db).run()
            try RawStatement("RELEASE member", in: db).run()
            memory.auditChain.restore(mark)
            let reason = StoreError.translate(error)
            return { write.fail(reason) }
        }
    }

    /// A full disk in one savepoint rolls back the whole group. The member that met it fails; the others run again, alone,
    /// because their smaller writes may still fit.
    private func afterLoss(
        of group: [QueuedWrite], at index: Int, to error: any Error, in db: Database
    ) -> [() -> Void] {
        memory.auditChain.forget()
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
        memory.auditChain.forget()
        guard db.isInsideTransaction else { return }
        do {
            try RawStatement("ROLLBACK", in: db).run()
        } catch {
            waiting.withLock { $0.refusal = $0.refusal ?? .failed("a rollback failed") }
        }
    }

    /// Folds the log into the database on the only connection that ever does, and sees a failing fsync, which SQLite's
    /// automatic checkpoint swallows.
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
