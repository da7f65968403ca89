import AuthorizationServer
import TestSupport

@testable import Storage

extension Harness {
    /// How many authorization requests the database holds, decided or not.
    func interactions() async throws -> Int {
        try await gatehouse.store.read { transaction in
            Int(try transaction.first("SELECT count(*) FROM interactions") { try $0.integer(0) } ?? 0)
        }
    }
}
