import Synchronization

/// The last checkpoint of each audit chain that this process signed or was told of at its start.
///
/// An attacker who writes the database file can delete a checkpoint from its table, but not from here: verification
/// expects every one of these.
package final class SignedCheckpoints: Sendable {
    private let last = Mutex<[AuditChainName: AuditCheckpoint]>([:])

    /// The last known checkpoint of each chain, in no order.
    package var all: [AuditCheckpoint] { last.withLock { Array($0.values) } }

    /// Remembers a checkpoint after it is written. An older one than the known one of its chain changes nothing.
    package func remember(_ checkpoint: AuditCheckpoint) {
        last.withLock { last in
            guard last[checkpoint.chain].map({ $0.sequence <= checkpoint.sequence }) ?? true else { return }
            last[checkpoint.chain] = checkpoint
        }
    }

    /// Forgets the checkpoint of a chain, because an administrator accepted a restored database.
    package func forget(_ chain: AuditChainName) { last.withLock { $0[chain] = nil } }
}
