package import OAuth

/// How much the database holds, for metrics: counts and ages that indexes answer, without a scan of the audit trail.
package struct StoredLoad: Hashable, Sendable {
    /// A queue: how many wait, and since when the oldest does.
    package struct Queue: Hashable, Sendable {
        package let count: Int64
        /// Nil for an empty queue.
        package let oldest: Timestamp?
    }

    /// The last checkpoint of the main audit chain.
    package struct Checkpoint: Hashable, Sendable {
        package let sequence: Int64
        package let at: Timestamp
    }

    /// The sessions in each state that lives. One that expired counts until the housekeeper closes it, within a minute.
    package let sessions: [Session.State: Int64]
    /// Events that wait for MCP servers which receive events.
    package let events: Queue
    /// Elicitations that wait for their users.
    package let elicitations: Queue
    /// Revocations of many sessions of which steps are left.
    package let revocations: Queue
    /// The number of the last record of the main audit chain.
    package let auditHead: Int64
    /// The last checkpoint; nil before the first.
    package let checkpoint: Checkpoint?
    /// The time of the last backup; nil before the first.
    package let lastBackup: Timestamp?
}

/// Reads the load of the database.
package struct StoredLoads: Noun {
    let transaction: Transaction
}

extension StoredLoads {
    /// The present load.
    package func read() throws -> StoredLoad {
        StoredLoad(
            sessions: try sessions(),
            events: try queue(
                "SELECT count(*), min(created_at) FROM events WHERE state = 'waiting' AND \(Events.isAwaited)"),
            elicitations: try queue(
                "SELECT count(*), min(created_at) FROM elicitations WHERE status IN ('pending', 'opened')"),
            revocations: try queue("SELECT count(*), min(started_at) FROM endings"),
            auditHead: try transaction.audit.head(.main)?.sequence ?? 0, checkpoint: try checkpoint(),
            lastBackup: try transaction.backups.last())
    }

    private func sessions() throws -> [Session.State: Int64] {
        var counts: [Session.State: Int64] = [:]
        for state in SessionLife.states {
            counts[state] =
                try transaction.first(
                    "SELECT count(*) FROM sessions INDEXED BY sessions_by_state WHERE state = ?1", state.rawValue
                ) { try $0.integer(0) } ?? 0
        }
        return counts
    }

    private func queue(_ sql: String) throws -> StoredLoad.Queue {
        try transaction.first(sql) { row in
            StoredLoad.Queue(count: try row.integer(0), oldest: try row.timeIfAny(1))
        } ?? StoredLoad.Queue(count: 0, oldest: nil)
    }

    private func checkpoint() throws -> StoredLoad.Checkpoint? {
        try transaction.first(
            "SELECT sequence, at FROM audit_checkpoints WHERE chain = 'main' ORDER BY sequence DESC LIMIT 1"
        ) { StoredLoad.Checkpoint(sequence: try $0.integer(0), at: try $0.time(1)) }
    }
}
