import Foundation
import JOSE
import OAuth
import Storage
import TestSupport

/// Steps for tests of restored keys and databases.
extension Stage {
    /// The key ring in the stage's folder.
    func ring() throws -> KeyRing {
        let now = Int64(Date().timeIntervalSince1970)
        return try KeyRing.open(directory: path("keys"), now: now, createIfEmpty: false)
    }

    /// Copies the database, while no process holds it, or restores a copy.
    func copyDatabase(from source: String, to target: String) throws {
        for end in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: path(target + end)) {
            try FileManager.default.removeItem(atPath: path(target + end))
        }
        try FileManager.default.copyItem(atPath: path(source), toPath: path(target))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path(target))
    }

    /// Replaces the keys folder by a copy.
    func copyKeys(from source: String, to target: String) throws {
        if FileManager.default.fileExists(atPath: path(target)) {
            try FileManager.default.removeItem(atPath: path(target))
        }
        try FileManager.default.copyItem(atPath: path(source), toPath: path(target))
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path(target))
        for name in try FileManager.default.contentsOfDirectory(atPath: path(target)) {
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path("\(target)/\(name)"))
        }
    }

    /// Inserts live sessions that depend on a refresh key, and returns their IDs.
    @discardableResult
    func plant(_ count: Int, on key: String, in store: Store) async throws -> [SessionID] {
        let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
        let user = User(name: "ana-\(UInt16.random(in: 0 ... .max))", createdAt: now)
        let server = try Resource(
            identifier: ResourceIdentifier("https://files-\(UInt16.random(in: 0 ... .max)).example/mcp"),
            name: "Files", owner: "Team", scopes: [], secretDigest: .sha256("secret"), createdAt: now)
        try await store.write { transaction in
            try transaction.users.insert(user)
            _ = try transaction.resources.insert(server)
        }
        var ids: [SessionID] = []
        for start in stride(from: 0, to: count, by: 250) {
            ids += try await store.write { transaction in
                try (start..<min(start + 250, count)).map { _ in
                    let session = try Session(
                        userID: user.id, clientID: ClientID("desk"), clientName: "Desk", resourceID: server.id,
                        scope: [], redirectURI: "https://desk.example/cb", binding: .sha256("browser"),
                        createdAt: now, expiresAt: now + 36_000, idleSeconds: 36_000, authTime: now,
                        refreshKeyID: key)
                    let code = try AuthorizationCodeRecord(
                        digest: .sha256("code of \(session.id)"), sessionID: session.id, interactionID: .random(),
                        clientID: session.clientID, redirectURI: session.redirectURI ?? "",
                        challenge: CodeChallenge(for: CodeVerifier(String(repeating: "v", count: 43))),
                        expiresAt: now + 60)
                    try transaction.sessions.approve(session, code: code)
                    _ = try (
                        transaction.codes.spend(code.digest, now: now),
                        transaction.sessions.activate(session.id, now: now)
                    )
                    return session.id
                }
            }
        }
        return ids
    }
}

extension RunningGatehouse {
    /// The number of live sessions.
    static func live(in store: Store) async throws -> Int {
        let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
        return try await store.read {
            try $0.sessions.list(SessionFilter(state: .active), limit: 10_000, now: now).count
        }
    }
}
