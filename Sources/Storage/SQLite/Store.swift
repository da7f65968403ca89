import Foundation
import GRDB
import Synchronization

/// Gatehouse's one database: consistent reads, and writes that are on the disk before anybody hears of them.
package final class Store: Sendable {
    /// How a store is opened.
    package struct Options: Sendable {
        /// Makes the database when there is none.
        package var create: Bool
        /// How many reads may go on at once.
        package var readers: Int
        /// How many threads may glance at once without one waiting for another.
        package var glances: Int
        /// How many writes may wait; the next is answered `StoreError.busy`.
        package var queue: Int

        package init(create: Bool = false, readers: Int = 4, glances: Int = 2, queue: Int = 2_048) {
            self.create = create
            self.readers = readers
            self.glances = glances
            self.queue = queue
        }
    }

    /// The absolute path of the database file.
    package let path: String
    let pool: DatabasePool
    private let glances: PointReaders
    private let group: GroupCommit
    private let isClosed = Mutex(false)
    /// Ends of many sessions that somebody is at.
    let endingsUnderWay = Mutex<Set<String>>([])
    private let signed = Mutex<[AuditChainName: AuditCheckpoint]>([:])

    /// Opens the database, brings its schema up to date and proves that its commits are durable.
    package init(path: String, options: Options = Options()) throws(StoreError) {
        let path = URL(fileURLWithPath: path).standardizedFileURL.path
        let isNew = !FilePermissions.exists(path)
        guard options.create || !isNew else { throw .missing(path: path) }
        umask(0o077)
        try FilePermissions.checkDatabase(path)
        do {
            pool = try DatabasePool(path: path, configuration: Self.configuration(options))
            try pool.writeWithoutTransaction { try Self.prepareWriter($0) }
            try Schema.bringUpToDate(pool, path: path, isNew: isNew)
            glances = try PointReaders(
                path: path, configuration: Self.configuration(options), count: options.glances)
        } catch let error as StoreError {
            throw error
        } catch let error as DatabaseError {
            throw error.resultCode == .SQLITE_NOTADB ? .foreign(path: path) : StoreError(error)
        } catch {
            throw .failed("cannot open \(path)")
        }
        try FilePermissions.checkDatabase(path)
        if isNew { try FilePermissions.syncFolder(of: path) }
        self.path = path
        group = GroupCommit(pool: pool, limit: options.queue)
    }

    /// Reads one consistent state; never waits for a writer, and goes on when the disk is full.
    package func read<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T {
        do {
            return try await pool.unsafeRead { try Self.consistently($0, body) }
        } catch {
            throw StoreError.translate(error)
        }
    }

    /// Reads one consistent state on the calling thread. Only for a row or two by their keys: an event loop waits.
    package func glance<T>(_ body: (Transaction) throws -> T) throws -> T {
        do {
            return try glances.read { try Self.consistently($0, body) }
        } catch {
            throw StoreError.translate(error)
        }
    }

    /// Changes the database; returns when the change is on the disk, throws when it did not happen.
    ///
    /// The closure may run twice (its first run undone), so it must have no effect besides the database. A cancelled
    /// caller is not told apart: what was asked is done.
    package func write<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            let write = QueuedWrite(
                attempt: { transaction in
                    let value = try body(transaction)
                    return { continuation.resume(returning: value) }
                },
                fail: { continuation.resume(throwing: $0) })
            do {
                try group.add(write)
            } catch {
                write.fail(error)
            }
        }
    }

    /// Changes whenever a client, a rule about clients or a metadata document was committed. Read it before the data that
    /// you keep: as long as it stays the same, so does what you read.
    package var clientsVersion: Int { group.clients.version }

    /// Notes that what the configuration decides about clients changed: copies in memory are old.
    package func noteClientsChanged() { group.clients.noteAtOnce() }

    /// Has `listener` told of every durable commit that touched an elicitation or queued an event, on the writer's own
    /// thread: it must not wait for anything. A signal may also come for what was rolled back.
    package func onCommit(_ listener: @escaping @Sendable (CommitSignals) -> Void) {
        group.signals.add(listener)
    }

    /// The last checkpoint of each chain that this server knows of, from before or because it signed it: whoever takes one out of
    /// the file cannot take it from here.
    package var signedCheckpoints: [AuditCheckpoint] { signed.withLock { Array($0.values) } }

    /// Keeps a checkpoint in mind that was just written.
    package func note(signed checkpoint: AuditCheckpoint) {
        signed.withLock { signed in
            guard signed[checkpoint.chain].map({ $0.sequence <= checkpoint.sequence }) ?? true else { return }
            signed[checkpoint.chain] = checkpoint
        }
    }

    /// Forgets what is known of a chain's checkpoints, because another past was accepted.
    package func forgetSigned(_ chain: AuditChainName) { signed.withLock { $0[chain] = nil } }

    /// How many writes wait for their group: what a gauge shows.
    package var waitingWrites: Int { group.count }

    /// Finishes the writes that wait, folds the log into the database and closes it; does nothing the second time.
    package func close() throws(StoreError) {
        // SQLite would follow the connection that is gone.
        let wasClosed = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return isClosed
        }
        guard !wasClosed else { return }
        group.stop()
        do {
            try glances.close()
            // The writer does it, not the last reader that closes: only one connection ever checkpoints.
            try pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
            try pool.close()
        } catch let error as DatabaseError {
            throw StoreError(error)
        } catch {
            throw .closed
        }
    }

    private static func consistently<T>(_ db: Database, _ body: (Transaction) throws -> T) throws -> T {
        try RawStatement("BEGIN", in: db).run()
        defer { leave(db) }
        return try body(Transaction(db: db, chain: nil, clientChanges: nil, signals: nil))
    }

    private static func leave(_ db: Database) {
        do {
            try RawStatement("COMMIT", in: db).run()
        } catch {
            // Only a cancelled caller comes here; a read has nothing to lose.
            try? RawStatement("ROLLBACK", in: db).run()
        }
    }

    private static func configuration(_ options: Options) -> Configuration {
        var configuration = Configuration()
        configuration.label = "gatehouse"
        configuration.maximumReaderCount = options.readers
        configuration.busyMode = .timeout(5)
        configuration.persistentReadOnlyConnections = true
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
            if db.configuration.readonly { try db.execute(sql: "PRAGMA query_only = ON") }
        }
        return configuration
    }

    /// GRDB lowers `synchronous` while it opens a pool, whatever was asked before; power cuts then lose commits.
    private static func prepareWriter(_ db: Database) throws {
        try db.execute(
            sql: """
                PRAGMA synchronous = FULL;
                PRAGMA secure_delete = ON;
                PRAGMA wal_autocheckpoint = 0;
                PRAGMA journal_size_limit = 67108864
                """)
        guard try Int.fetchOne(db, sql: "PRAGMA synchronous") == 2,
            try Int.fetchOne(db, sql: "PRAGMA foreign_keys") == 1
        else { throw StoreError.failed("this SQLite does not promise durable commits") }
    }
}
