import Foundation
import GRDB
import Synchronization

/// Gatehouse's one database: consistent reads, and writes that are on the disk before their callers resume.
package final class Store: Sendable {
    /// The limits within which a store works, and whether it may create its database.
    package struct Options: Sendable {
        /// Creates the database if the file does not exist.
        package var create: Bool
        /// The number of asynchronous reads at one time.
        package var readers: Int
        /// The number of event loops that read at one time without waiting for each other.
        package var eventLoopReaders: Int
        /// The number of waiting writes; the next one is refused with `StoreError.busy`.
        package var queue: Int

        /// The defaults suit one server with two event loops.
        package init(create: Bool = false, readers: Int = 4, eventLoopReaders: Int = 2, queue: Int = 2_048) {
            self.create = create
            self.readers = readers
            self.eventLoopReaders = eventLoopReaders
            self.queue = queue
        }
    }

    /// The absolute path of the database file.
    package let path: String
    /// Reads a row or two by their keys on the calling thread, for event loops.
    package let eventLoopReader: EventLoopReader
    let pool: DatabasePool
    let memory = StoreMemory()
    private let group: GroupCommit
    private let isClosed = Mutex(false)

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
            eventLoopReader = try EventLoopReader(
                path: path, configuration: Self.configuration(options), count: options.eventLoopReaders, memory: memory)
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
        group = GroupCommit(pool: pool, memory: memory, limit: options.queue)
    }

    /// Reads one consistent state; never waits for a writer, and works on a full disk.
    package func read<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T {
        do {
            return try await pool.unsafeRead { [memory] in try Transaction.reading($0, memory, body) }
        } catch {
            throw StoreError.translate(error)
        }
    }

    /// Changes the database; returns when the change is on the disk, throws when it did not happen.
    ///
    /// The closure may run twice, its first run undone, so it must have no effect besides the database. The write of a
    /// cancelled caller happens all the same.
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

    /// Finishes the waiting writes, folds the log into the database and closes it; does nothing the second time.
    package func close() throws(StoreError) {
        // A second close would follow a pointer to a connection that SQLite freed.
        let wasClosed = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return isClosed
        }
        guard !wasClosed else { return }
        group.stop()
        do {
            try eventLoopReader.close()
            // The writer folds the log, not the last reader that closes: only one connection may ever checkpoint.
            try pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
            try pool.close()
        } catch let error as DatabaseError {
            throw StoreError(error)
        } catch {
            throw .closed
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

    /// Sets `synchronous` after GRDB opened the pool and lowered it: with NORMAL, a power cut loses acknowledged commits.
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

extension Store {
    /// Changes whenever a change to a client, its rules or its document is committed. A cache reads it before the rows that
    /// it keeps: while the version stays the same, so do the rows.
    package var clientsVersion: Int { memory.clientChanges.version }

    /// Changes whenever a change to an identity provider is committed; it serves caches like `clientsVersion`.
    package var identityProvidersVersion: Int { memory.identityProviderChanges.version }

    /// Outdates every cache of clients, because the configuration's client lists were reloaded.
    package func countClientChange() { memory.clientChanges.countNow() }

    /// Has `listener` called after every durable commit that touched an elicitation or queued an event, on the writer's
    /// queue: it must not wait for anything. A signal may also come for a member that was rolled back.
    package func onCommit(_ listener: @escaping @Sendable (CommitSignals) -> Void) {
        memory.signals.addListener(listener)
    }

    /// The checkpoints of the audit chains that this process knows of, whatever the file says.
    package var signedCheckpoints: SignedCheckpoints { memory.signedCheckpoints }

    /// The number of writes that wait for a group, for a gauge.
    package var waitingWrites: Int { group.count }

    /// The commits since the start, for counters.
    package var commitCounts: CommitCounts { group.meter.present }

    /// The sizes of the database and of the log beside it, in bytes.
    package var fileSizes: (database: Int64, log: Int64) { (Self.size(of: path), Self.size(of: path + "-wal")) }
}
