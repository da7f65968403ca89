import Foundation
import GRDB
import JOSE
import TestSupport
import Testing

@testable import Storage

@Suite("Migration: shares of the memory of one-time tokens")
struct SpentTokenSharesTests {
    @Test func `tokens that were spent before stay spent, and leave their share when they expire`() async throws {
        let folder = try TemporaryFolder()
        let queue = try DatabaseQueue(path: folder.database)
        try Schema.migrator().migrate(queue, upTo: "0033 account links")
        try await queue.write { db in
            for number in 1...3 {
                try db.execute(
                    sql: "INSERT INTO spent_tokens (digest, expires_at) VALUES (?, ?)",
                    arguments: [Data(Digest.sha256("\(number)").bytes), number])
            }
        }
        try Schema.migrator().migrate(queue)
        try await queue.write { db in
            func shares() throws -> [Int] {
                try Int.fetchAll(db, sql: "SELECT count FROM spent_token_shares ORDER BY count")
            }
            #expect(try shares() == [3])
            try db.execute(
                sql: "INSERT INTO spent_tokens (digest, expires_at, share) VALUES (zeroblob(32), 9, ?)",
                arguments: [Data(Digest.sha256("share").bytes)])
            #expect(try shares() == [1, 3])
            try db.execute(sql: "DELETE FROM spent_tokens WHERE expires_at <= 2")
            #expect(try shares() == [1, 1])
            try db.execute(sql: "DELETE FROM spent_tokens")
            #expect(try shares() == [])
        }
        try queue.close()
    }
}
