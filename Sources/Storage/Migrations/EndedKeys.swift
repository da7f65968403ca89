/// Finds, among all records, those that say that a key was put out of use.
enum EndedKeys {
    /// The condition of the index, word for word: SQLite uses a partial index only where a statement repeats it.
    static let condition = "action IN ('audit.key_ended', 'key.ended')"

    static let statements = ["CREATE INDEX ended_keys ON audit (sequence) WHERE \(condition)"]
}
