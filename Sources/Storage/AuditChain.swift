import JOSE

/// The last link of the audit chain, as the one writer knows it.
///
/// Touched only on the writer's queue; a rolled-back savepoint puts the earlier head back, and a lost transaction
/// forgets it, so that the next record reads it from the table.
final class AuditChain: @unchecked Sendable {
    struct Head {
        let sequence: Int64
        let hash: Digest
    }

    var head: Head?
}
