/// Everything that a store keeps in memory beside its database; `Store` makes it, and transactions reach it as `memory`.
///
/// Nothing here decides what is true: each member is derived from rows, or says which rows to read again. What a restart
/// must remember has a table. The first four members belong to the writer: only its queue may change them, so a
/// transaction shows them as `writerMemory`, which is nil in a read. The others lock themselves.
final class StoreMemory: Sendable {
    /// The last link of the main audit chain and the tallies that follow it.
    ///
    /// Writer's queue only. A rolled-back member restores both; a lost group forgets both, and the next record reads them
    /// from their tables.
    let auditChain = AuditChainState()

    /// Counts the committed changes to clients, their rules and their documents.
    ///
    /// Marked on the writer's queue, read on any thread. A rollback does not take a mark back: one count too many costs a
    /// fresh read, one too few would serve an outdated client.
    let clientChanges = ChangeCounter()

    /// Counts the committed changes to identity providers, for what is made from all of them, such as the metadata.
    ///
    /// Marked and read like the count of clients.
    let identityProviderChanges = ChangeCounter()

    /// Collects the elicitations and event streams that the open group touches, for the listeners of commits.
    ///
    /// Collected on the writer's queue, published there after the commit. A rollback does not take a signal back, for the
    /// same reason.
    let signals = PendingSignals()

    /// The ids of unfinished endings that a task of this process works on.
    ///
    /// Any thread. Rows are not involved: after a crash the set is empty and the housekeeper claims every row.
    let endingsUnderWay = EndingsUnderWay()

    /// The last checkpoint of each audit chain that this process signed or was told of.
    ///
    /// Any thread. A rollback cannot touch it: a checkpoint is added after its write is durable.
    let signedCheckpoints = SignedCheckpoints()

    /// Client ids, resource identifiers and scopes by the text that they were parsed from.
    ///
    /// Any thread. A text always parses to the same value, so neither a rollback nor another process outdates an entry.
    let identifiers = ParsedIdentifiers()

    /// Tells readers what the group changed. The writer calls this once the group is durable.
    func publishGroup() {
        clientChanges.publish()
        identityProviderChanges.publish()
        signals.publish()
    }
}
