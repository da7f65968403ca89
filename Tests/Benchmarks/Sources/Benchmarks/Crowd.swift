import CFloors
import Foundation
import NIOCore

/// Very many live sessions, made by SQL while the server is down, and refresh tokens of some of them, made with its key.
///
/// A person approves one session at a time; nobody would wait for a million.
struct Crowd {
    let directory: String

    /// Copies the live session that is there until there are about `count`, each under a random id.
    func fill(_ count: Int) throws {
        let database = try Database(path: "\(directory)/var/gatehouse.sqlite")
        defer { database.close() }
        try database.run(
            """
            PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA cache_size = -262144;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(count))
            INSERT INTO sessions (
                id, user_id, client_id, client_name, resource_id, scope, redirect_uri, binding, state, created_at,
                expires_at, idle_seconds, last_used_at, used_hour, auth_time, generation, refresh_key)
            SELECT 'ses_' || substr(hex(randomblob(11)), 1, 21) || 'A', t.user_id, t.client_id, t.client_name,
                t.resource_id, t.scope, t.redirect_uri, t.binding, 'active', t.created_at - i % 86400,
                t.expires_at + i % 86400, t.idle_seconds, t.last_used_at, t.used_hour, t.auth_time, 1,
                t.refresh_key
            FROM n, (SELECT * FROM sessions WHERE state = 'active' ORDER BY rowid LIMIT 1) t;
            PRAGMA journal_mode = WAL;
            """)
    }

    /// The first refresh tokens of `count` sessions that were filled in, far from each other in the file.
    func tokens(_ count: Int) throws -> [String] {
        let database = try Database(path: "\(directory)/var/gatehouse.sqlite")
        defer { database.close() }
        let key = try refreshKey()
        return try database.texts("SELECT id FROM sessions WHERE id LIKE 'ses_%A' AND generation = 1 LIMIT \(count)")
            .map { try Self.token(session: $0, key: key) }
    }

    /// The id of the key that refresh tokens are made with.
    func refreshKeyID() throws -> String {
        let file = try refreshKeyFile()
        return String(file.dropFirst("refresh-".count).dropLast(".key".count))
    }

    private func refreshKeyFile() throws -> String {
        let folder = "\(directory)/keys"
        let file = try FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasPrefix("refresh-") }
        guard let file else { throw BenchmarkFailure("no refresh key in \(folder)") }
        return file
    }

    private func refreshKey() throws -> [UInt8] {
        let path = "\(directory)/keys/\(try refreshKeyFile())"
        guard let text = try? String(contentsOfFile: path, encoding: .utf8),
            let letters = text.split(separator: ":").last,
            let key = Self.decode(letters.trimmingCharacters(in: .whitespacesAndNewlines)), key.count == 32
        else { throw BenchmarkFailure("no refresh key is read from \(path)") }
        return key
    }

    /// Session, generation and a MAC over both, as the design page says.
    private static func token(session: String, key: [UInt8]) throws -> String {
        guard let id = decode(String(session.dropFirst(4))) else { throw BenchmarkFailure("\(session) is no session") }
        let body = id + [0, 0, 0, 1]
        let message = Array("refresh".utf8) + body
        var mac = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        _ = HMAC(EVP_sha256(), key, 32, message, message.count, &mac, &length)
        return "gate_r_"
            + Data(body + mac).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }

    private static func decode(_ text: String) -> [UInt8]? {
        let plain = text.replacing("-", with: "+").replacing("_", with: "/")
        return Data(base64Encoded: plain + String(repeating: "=", count: (4 - plain.count % 4) % 4)).map { [UInt8]($0) }
    }
}

/// Refreshes one session after the other, and comes back to each with the token that it brought.
final class RefreshRound: RequestSource {
    private let target: Target
    private let clientID: String
    private let found: TokenBasket
    private var tokens: [String]
    private var at = 0

    init(target: Target, clientID: String, tokens: [String], found: TokenBasket) {
        self.target = target
        self.clientID = clientID
        self.tokens = tokens
        self.found = found
    }

    func next(after body: ByteBufferView?) -> ByteBuffer? {
        if let body {
            guard let refresh = TokenBasket.member("refresh_token", of: body) else { return nil }
            tokens[at] = refresh
            if let access = TokenBasket.member("access_token", of: body) { found.keep(access) }
            at = (at + 1) % tokens.count
        }
        return target.post(
            "/token", "grant_type=refresh_token&client_id=\(Target.encode(clientID))&refresh_token=\(tokens[at])")
    }
}

/// Sends requests in turn, over and over.
final class Rotation: RequestSource {
    private let requests: [ByteBuffer]
    private var at = 0

    init(_ requests: [ByteBuffer]) { self.requests = requests }

    func next(after body: ByteBufferView?) -> ByteBuffer? {
        at = (at + 1) % requests.count
        return requests[at]
    }
}
