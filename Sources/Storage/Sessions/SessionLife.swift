import OAuth

/// The rule whether a session is live: nothing has ended it, and neither its absolute end nor its idle timeout has passed.
///
/// The rule stands here once in Swift and once in SQL. An expired session keeps a live state in its row until the
/// housekeeper updates it, so every query compares the times as well.
struct SessionLife {
    let state: Session.State
    let expiresAt: Timestamp
    let lastUsedAt: Timestamp
    let idleSeconds: Int64

    /// The states that are not final.
    static let states: [Session.State] = [.approved, .active]

    /// When the session expires if it is not used again.
    var unusedExpiry: Timestamp { min(expiresAt, lastUsedAt + idleSeconds) }

    /// The state at `now`: expired at a time limit, whatever the row says.
    func state(at now: Timestamp) -> Session.State {
        guard Self.states.contains(state) else { return state }
        return now < unusedExpiry ? state : .expired
    }

    /// Whether the session is live at `now`.
    func isLive(at now: Timestamp) -> Bool { Self.states.contains(state(at: now)) }
}

extension SessionLife {
    /// The rule as a condition on a row of `sessions` or its alias; `now` is the SQL of the present time.
    static func lives(_ alias: String = "", at now: String) -> String {
        "\(hasStateThatLives(alias)) AND \(hasTime(alias, at: now))"
    }

    /// The part about the state, spelled as in the partial indexes: SQLite uses one only where a query repeats its condition.
    static func hasStateThatLives(_ alias: String = "") -> String {
        "\(prefix(alias))state IN (\(states.map { "'\($0.rawValue)'" }.joined(separator: ", ")))"
    }

    /// The part about the absolute end and the idle timeout.
    static func hasTime(_ alias: String = "", at now: String) -> String {
        "\(prefix(alias))expires_at > \(now) AND \(idleEnd(alias)) > \(now)"
    }

    /// The SQL of the moment at which the idle timeout passes.
    static func idleEnd(_ alias: String = "") -> String {
        "\(prefix(alias))last_used_at + \(prefix(alias))idle_seconds"
    }

    private static func prefix(_ alias: String) -> String { alias.isEmpty ? "" : alias + "." }
}
