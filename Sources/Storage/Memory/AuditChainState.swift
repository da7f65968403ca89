import JOSE

/// A place in an audit chain: the number of a record and its hash, which the next record names.
struct AuditChainLink {
    let sequence: Int64
    let hash: Digest
}

/// What the writer knows of the end of the main audit chain, so that appending a record costs no query.
///
/// Unchecked, because only the writer's queue touches it: the group commit marks it before each member and restores it
/// when the member's savepoint is rolled back.
final class AuditChainState: @unchecked Sendable {
    /// The last record of the main chain; nil until the first record after a start, or after a lost transaction, reads it.
    var last: AuditChainLink?
    /// How often each session repeated an action within the minute.
    let tallies = TallyCounts()

    /// Begins a member of the group and returns the state that `restore` takes it back to.
    func mark() -> AuditChainLink? {
        tallies.beginMember()
        return last
    }

    /// Takes back what the member did since `mark`.
    func restore(_ mark: AuditChainLink?) {
        last = mark
        tallies.undoMember()
    }

    /// Forgets everything, because the group's transaction was lost.
    func forget() {
        last = nil
        tallies.forget()
    }
}
