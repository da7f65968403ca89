/// An index of the audit records of ended keys.
enum EndedKeys {
    /// The condition of the index: SQLite uses a partial index only where a query repeats its condition.
    static let condition = "action IN ('audit.key_ended', 'key.ended')"

    static let statements = ["CREATE INDEX ended_keys ON audit (sequence) WHERE \(condition)"]
}
