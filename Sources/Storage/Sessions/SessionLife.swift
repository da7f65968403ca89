import OAuth

/// Whether a session lives: no decision has ended it, its absolute end is to come, and it was not idle for too long.
///
/// The rule stands here once in Swift and once in SQL. A row whose time is over may still be in a state that lives until
/// the housekeeper comes by; whoever reads rows asks for the time as well.
struct SessionLife {
    let state: Session.State
    let expiresAt: Timestamp
    let lastUsedAt: Timestamp
    let idleSeconds: Int64

    /// The states of rows that no decision has ended.
    static let states: [Session.State] = [.approved, .active]

    /// When the time of a session is over if nobody uses it any more.
    var unusedExpiry: Timestamp { min(expiresAt, lastUsedAt + idleSeconds) }

    /// The state at `now`: expired as soon as the time is over, whatever the row says.
    func state(at now: Timestamp) -> Session.State {
        guard Self.states.contains(state) else { return state }
        return now < unusedExpiry ? state : .expired
    }

    /// Whether it can be used at `now`.
    func isLive(at now: Timestamp) -> Bool { Self.states.contains(state(at: now)) }
}

extension SessionLife {
    /// The rule as a condition on a row of `sessions`, or on its alias; `now` is the parameter that holds the present time.
    static func lives(_ alias: String = "", at now: String) -> String {
        "\(hasStateThatLives(alias)) AND \(hasTime(alias, at: now))"
    }

    /// Only that no decision has ended it, in the words of the partial indexes over sessions that live.
    static func hasStateThatLives(_ alias: String = "") -> String {
        "\(prefix(alias))state IN (\(states.map { "'\($0.rawValue)'" }.joined(separator: ", ")))"
    }

    /// Only that its time is not over.
    static func hasTime(_ alias: String = "", at now: String) -> String {
        "\(prefix(alias))expires_at > \(now) AND \(idleEnd(alias)) > \(now)"
    }

    /// When it is over if nobody uses it any more.
    static func idleEnd(_ alias: String = "") -> String {
        "\(prefix(alias))last_used_at + \(prefix(alias))idle_seconds"
    }

    private static func prefix(_ alias: String) -> String { alias.isEmpty ? "" : alias + "." }
}
