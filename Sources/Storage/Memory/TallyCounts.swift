import OAuth

/// How often sessions repeated an action within one minute, so that no query tells whether the next one gets a record.
///
/// Touched on the writer's queue only, as a part of `AuditChainState`.
final class TallyCounts {
    /// What is counted together.
    struct Key: Hashable {
        let session: SessionID
        let action: AuditAction
    }

    /// How often it happened.
    struct Count {
        /// The minute that is counted, since 1970.
        let minute: Int64
        var seen: Int64
        /// Whether a row of `audit_tallies` waits for its record.
        var isOpen: Bool
    }

    /// Nil until the rows that an earlier process left are loaded.
    private var counts: [Key: Count]?
    /// The counts that the member replaced, in order.
    private var replaced: [(key: Key, count: Count?)] = []
    private var sweptMinute: Int64 = 0

    /// Whether the rows of `audit_tallies` are loaded.
    var isLoaded: Bool { counts != nil }

    func load(_ open: [(Key, Count)]) { counts = Dictionary(open) { $1 } }

    subscript(key: Key) -> Count? {
        get { counts?[key] }
        set {
            replaced.append((key, counts?[key]))
            counts?[key] = newValue
        }
    }

    /// Drops the closed counts of earlier minutes, which would otherwise stay as long as the process.
    func sweep(at minute: Int64) {
        // Requests of one minute may arrive after those of the next. A step of more than two minutes is a clock set back.
        guard minute > sweptMinute || sweptMinute - minute > 2 else { return }
        sweptMinute = minute
        counts = counts?.filter { $0.value.isOpen || $0.value.minute >= minute }
    }

    func beginMember() { replaced.removeAll(keepingCapacity: true) }

    func undoMember() {
        for (key, count) in replaced.reversed() { counts?[key] = count }
        replaced.removeAll()
    }

    func forget() {
        counts = nil
        replaced.removeAll()
    }
}
