import Foundation
import GRDB
import TestSupport
import Testing

@testable import Storage

@Suite("Opening the database")
struct StoreTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func raw(_ sql: String) throws {
        let queue = try DatabaseQueue(path: folder.database)
        try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
        try queue.close()
    }

    @Test func `a missing database is created only on request`() throws {
        #expect(throws: StoreError.missing(path: folder.database)) { try Store(path: folder.database) }
        #expect(!FileManager.default.fileExists(atPath: folder.database))
    }

    @Test func `a database from a newer version is refused`() throws {
        try folder.store().close()
        try raw("INSERT INTO grdb_migrations (identifier) VALUES ('9999 from the future')")
        #expect(throws: StoreError.newerSchema(path: folder.database)) { try Store(path: folder.database) }
    }

    @Test func `a database of another program is refused, and so is a file that is none`() throws {
        umask(0o077)
        try raw("CREATE TABLE theirs (id INTEGER)")
        #expect(throws: StoreError.foreign(path: folder.database)) { try Store(path: folder.database) }
        try Data(repeating: 0x41, count: 8_192).write(to: URL(fileURLWithPath: folder.database))
        chmod(folder.database, 0o600)
        #expect(throws: StoreError.foreign(path: folder.database)) { try Store(path: folder.database) }
    }

    @Test func `the files are private, and files that are open to others are refused`() throws {
        let store = try folder.store()
        for file in [folder.database, folder.database + "-wal", folder.database + "-shm"] {
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
        try store.close()
        chmod(folder.database, 0o644)
        let error = #expect(throws: StoreError.self) { try Store(path: folder.database) }
        guard case .permissions(let advice)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(advice.contains("chmod 600"))
    }

    @Test func `one process owns the data directory`() throws {
        let first = try DataDirectory.lock(folder.path, create: false)
        #expect(throws: StoreError.locked(directory: folder.path)) {
            try DataDirectory.lock(folder.path, create: false)
        }
        first.unlock()
        _ = try DataDirectory.lock(folder.path, create: false)
    }

    @Test func `the data directory is created private and only on request, and refused if it is open to others`() throws
    {
        let inner = folder.path + "/var"
        #expect(throws: StoreError.missing(path: inner + "/gatehouse.sqlite")) {
            try DataDirectory.lock(inner, create: false)
        }
        let directory = try DataDirectory.lock(inner, create: true)
        #expect(try FileManager.default.attributesOfItem(atPath: inner)[.posixPermissions] as? Int == 0o700)
        directory.unlock()
        chmod(inner, 0o710)
        try DataDirectory.lock(inner, create: false).unlock()
        chmod(inner, 0o755)
        #expect(throws: StoreError.self) { try DataDirectory.lock(inner, create: false) }
    }

    @Test func `the lock deletes temporary files that a crash left, and no others`()
        throws
    {
        let draft = DataDirectory.draft(in: folder.path, ending: ".jsonl")
        for path in [draft, folder.path + "/backup.sqlite", folder.path + "/.gatehouse-backup-x"] {
            try "kept".write(toFile: path, atomically: false, encoding: .utf8)
        }
        try DataDirectory.lock(folder.path, create: false).unlock()
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(left == [".gatehouse-backup-x", "backup.sqlite", "lock"])
    }

    @Test func `a clock that is more than five seconds behind is refused, unless an administrator allows it`()
        async throws
    {
        let store = try folder.store()
        try await store.checkClock(now: 1_000)
        try await store.write { try $0.clock.advance(to: 1_000) }
        try await store.write { try $0.clock.advance(to: 900) }
        try await store.checkClock(now: 995)
        await #expect(throws: StoreError.clockSteppedBack(seconds: 6)) { try await store.checkClock(now: 994) }
        try await store.checkClock(now: 500, allowStepBack: true)
        try await store.write { try $0.clock.reset(500) }
        try await store.checkClock(now: 500)
    }

    @Test func `a backup is one sound file that holds what was committed`() async throws {
        let store = try folder.store()
        try await store.write { try $0.note("kept", 7) }
        let path = try await store.backup(into: folder.path)
        #expect(!FileManager.default.fileExists(atPath: path + "-wal"))
        try await store.write { try $0.note("later") }
        let copy = try Store(path: path)
        #expect(try await copy.noted("kept") == 7)
        #expect(try await copy.noted("later") == nil)
        #expect(try await copy.check() == [])
    }

    @Test func `a closed store closes again without harm and refuses reads and writes`() async throws {
        let store = try folder.store()
        try await store.write { try $0.note("kept") }
        try store.close()
        try store.close()
        await #expect(throws: StoreError.closed) { try await store.write { try $0.note("late") } }
        await #expect(throws: StoreError.closed) { try await store.noted("kept") }
    }

    @Test func `check names a broken reference`() async throws {
        try folder.store().close()
        try raw(
            """
            PRAGMA foreign_keys = OFF;
            INSERT INTO client_resources (client_id, resource_id) VALUES ('nobody', 'nothing')
            """)
        let defects = try await Store(path: folder.database).check()
        #expect(defects.count == 2)
        #expect(defects.allSatisfy { $0.contains("client_resources") })
    }
}
