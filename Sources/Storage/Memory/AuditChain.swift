import JOSE

/// The last link of the audit chain, as the one writer knows it, and the tallies that wait to follow it.
///
/// Touched only on the writer's queue; a rolled-back savepoint puts the earlier state back, and a lost transaction
/// forgets it, so that the next record reads it from the tables.
final class AuditChain: @unchecked Sendable {
    struct Head {
        let sequence: Int64
        let hash: Digest
    }

    var head: Head?
    let tallies = AuditTallies()

    /// What a member of a group may have to be taken back to.
    func mark() -> Head? {
        tallies.begin()
        return head
    }

    /// Takes back what was done since `mark`.
    func restore(_ mark: Head?) {
        head = mark
        tallies.undo()
    }

    /// Forgets everything: the transaction was lost.
    func forget() {
        head = nil
        tallies.forget()
    }
}
