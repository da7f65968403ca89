import OAuth

extension Store {
    /// The number of failures after which the cause is not single rows.
    private static let mostFailures = 100

    /// Ends the sessions that match one at a time, because one unreadable row fails a whole step of `endSessions`. Returns the
    /// number of ended sessions and the ids of those that it could not end.
    package func endOneByOne(
        _ filter: SessionFilter, _ ending: SessionEnding
    ) async throws -> (ended: Int, left: [String]) {
        var (ended, left, cursor) = (0, [String](), "")
        while true {
            let place = cursor
            let ids = try await read { try $0.sessions.liveIDs(filter, after: place, limit: 250) }
            guard let last = ids.last else { return (ended, left) }
            for text in ids {
                do {
                    guard let id = SessionID(text) else { throw StoreError.failed("a session's id does not parse") }
                    ended += try await write { try $0.sessions.end(id, ending) } ? 1 : 0
                } catch {
                    left.append(text)
                    guard left.count < Self.mostFailures else { throw error }
                }
            }
            cursor = last
        }
    }
}

extension Sessions {
    /// The ids of live sessions. It reads no other column, because one may not parse.
    fileprivate func liveIDs(_ filter: SessionFilter, after id: String, limit: Int) throws -> [String] {
        var clause = SessionClause(filter)
        clause.add("\(SessionLife.hasStateThatLives()) AND id > #0", id)
        return try all(
            "SELECT id FROM sessions \(clause.text) ORDER BY id LIMIT ?\(clause.values.count + 1)",
            clause.values + [limit]
        ) { try $0.text(0) }
    }
}
