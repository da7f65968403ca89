import CFloors
import Foundation
import Hummingbird

/// What the parts cost alone, measured in the same run on the same machine.
enum Floors {
    /// The same HTTP stack with nothing to do; run in a process of its own.
    static func serveNothing(port: Int) async throws {
        let router = Router()
        router.get("/readyz") { _, _ in HTTPResponse.Status.ok }
        router.get("/") { _, _ in "ok" }
        let address = ApplicationConfiguration(address: .hostname("127.0.0.1", port: port))
        try await Application(router: router, configuration: address).runService()
    }

    /// Microseconds for one ES256 signature over the bytes of a token.
    static func signature() throws -> Double {
        guard let key = floors_p256() else { throw BenchmarkFailure("libcrypto makes no P-256 key") }
        defer { EVP_PKEY_free(key) }
        let message = [UInt8](repeating: 0x61, count: 480)
        var signature = [UInt8](repeating: 0, count: 128)
        let rounds = 20_000
        let clock = ContinuousClock()
        let spent = try clock.measure {
            for _ in 0..<rounds {
                let context = EVP_MD_CTX_new()
                defer { EVP_MD_CTX_free(context) }
                var length = signature.count
                guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1,
                    EVP_DigestSign(context, &signature, &length, message, message.count) == 1
                else { throw BenchmarkFailure("libcrypto does not sign") }
            }
        }
        return spent.microseconds / Double(rounds)
    }

    /// Microseconds for the verification of one ES256 signature over the bytes of a proof.
    static func verification() throws -> Double {
        guard let key = floors_p256() else { throw BenchmarkFailure("libcrypto makes no P-256 key") }
        defer { EVP_PKEY_free(key) }
        let message = [UInt8](repeating: 0x61, count: 480)
        var signature = [UInt8](repeating: 0, count: 128)
        var length = signature.count
        let signer = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(signer) }
        guard EVP_DigestSignInit(signer, nil, EVP_sha256(), nil, key) == 1,
            EVP_DigestSign(signer, &signature, &length, message, message.count) == 1
        else { throw BenchmarkFailure("libcrypto does not sign") }
        let rounds = 10_000
        let spent = try ContinuousClock().measure {
            for _ in 0..<rounds {
                let context = EVP_MD_CTX_new()
                defer { EVP_MD_CTX_free(context) }
                guard EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1,
                    EVP_DigestVerify(context, signature, length, message, message.count) == 1
                else { throw BenchmarkFailure("libcrypto does not verify its own signature") }
            }
        }
        return spent.microseconds / Double(rounds)
    }

    /// One durable commit, of how many writes it is made, and what it takes.
    struct Commit {
        let writes: Int
        let microseconds: Double
    }

    /// A commit on disk (WAL, FULL) of grouped writes: each under its savepoint an update of one row by its key and an
    /// appended record, as a refresh makes them.
    static func commit(in directory: String, writes: Int) throws -> Commit {
        let database = try Database(path: "\(directory)/floor-\(writes).sqlite")
        defer { database.close() }
        try database.run(
            """
            PRAGMA journal_mode = WAL;
            CREATE TABLE sessions (id INTEGER PRIMARY KEY, generation INTEGER NOT NULL, used INTEGER NOT NULL) STRICT;
            CREATE TABLE records (sequence INTEGER PRIMARY KEY, session INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
            INSERT INTO sessions SELECT i, 1, 0 FROM n;
            PRAGMA synchronous = FULL;
            """)
        let update = try database.prepare("UPDATE sessions SET generation = generation + 1, used = ?2 WHERE id = ?1")
        let append = try database.prepare("INSERT INTO records (session, hash) VALUES (?1, randomblob(200 + ?2 * 0))")
        let frame = try ["BEGIN IMMEDIATE", "SAVEPOINT s", "RELEASE s", "COMMIT"].map(database.prepare)
        let rounds = 2_000
        let spent = try ContinuousClock().measure {
            for round in 0..<rounds {
                try database.step(frame[0])
                for write in 0..<writes {
                    let id = Int64((round * writes + write) % 1000 + 1)
                    try database.step(frame[1])
                    try database.step(update, id, Int64(round))
                    try database.step(append, id, 0)
                    try database.step(frame[2])
                }
                try database.step(frame[3])
            }
        }
        return Commit(writes: writes, microseconds: spent.microseconds / Double(rounds))
    }
}

/// SQLite with nothing around it.
struct Database {
    private let handle: OpaquePointer

    init(path: String) throws {
        var opened: OpaquePointer?
        guard sqlite3_open(path, &opened) == SQLITE_OK, let opened else {
            throw BenchmarkFailure("SQLite does not open \(path)")
        }
        handle = opened
    }

    func close() { sqlite3_close_v2(handle) }

    func run(_ text: String) throws {
        guard sqlite3_exec(handle, text, nil, nil, nil) == SQLITE_OK else { throw failure }
    }

    func prepare(_ text: String) throws -> OpaquePointer {
        var statement: OpaquePointer?
        guard sqlite3_prepare_v3(handle, text, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil) == SQLITE_OK,
            let statement
        else { throw failure }
        return statement
    }

    func step(_ statement: OpaquePointer, _ values: Int64...) throws {
        for (index, value) in values.enumerated() { sqlite3_bind_int64(statement, Int32(index + 1), value) }
        guard sqlite3_step(statement) == SQLITE_DONE else { throw failure }
        sqlite3_reset(statement)
    }

    /// The first column of every row.
    func texts(_ query: String) throws -> [String] {
        let statement = try prepare(query)
        defer { sqlite3_finalize(statement) }
        var texts: [String] = []
        while sqlite3_step(statement) == SQLITE_ROW { texts.append(String(cString: sqlite3_column_text(statement, 0))) }
        return texts
    }

    private var failure: BenchmarkFailure { BenchmarkFailure(String(cString: sqlite3_errmsg(handle))) }
}

extension Duration {
    var microseconds: Double {
        Double(components.seconds) * 1e6 + Double(components.attoseconds) / 1e12
    }
}
