@testable import Storage

extension Store {
    /// How SQLite goes about a statement with so many values, without the search for the scopes that each session has lost.
    func plan(of sql: String, values count: Int) async throws -> [String] {
        let plan = try await read { transaction in
            try transaction.all("EXPLAIN QUERY PLAN " + sql, Array(repeating: 1, count: count)) { try $0.text(3) }
        }
        return plan.filter { !$0.hasPrefix("CORRELATED SCALAR SUBQUERY") && !$0.hasPrefix("SEARCH w USING ") }
    }
}
