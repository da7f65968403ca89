import Foundation

/// What an administrator waits for when a million sessions live: first pages, revoking all of one person's, a report.
/// `ONLY=lists make bench` measures nothing else; `SESSIONS=100000` makes the database smaller.
struct SessionLists {
    let program: String
    let directory: String

    private static let rounds = 9

    /// How many live; the largest of those that are asked for.
    private static var count: Int {
        ProcessInfo.processInfo.environment["SESSIONS"] == nil ? 1_000_000 : SessionCounts.asked.max() ?? 1_000_000
    }

    func run() async throws {
        let folder = "\(directory)/lists"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let gatehouse = try Gatehouse(program: program, directory: folder, port: Int.random(in: 20_000..<31_000))
        try await gatehouse.start().process.stop()
        try ManySessions(count: Self.count, refreshKey: try Crowd(directory: folder).refreshKeyID())
            .fill("\(folder)/var/gatehouse.sqlite")
        let (server, ready) = try await gatehouse.start()
        defer { server.stop() }
        say("\nAdministration beside \(Self.count) live sessions, ready after \(tenths(ready)) ms\n")
        let start = try median(of: ["sessions", "show", ManySessions.session(1)], gatehouse)
        say("a command's own start, and one session: \(tenths(start)) ms; the following are beyond that\n")
        for filter in Self.filters {
            let time = try median(of: ["sessions", "list"] + filter, gatehouse)
            say(
                "list \(filter.joined(separator: " "))".padding(toLength: 80, withPad: " ", startingAt: 0)
                    + "\(tenths(time - start)) ms".leftPadded(to: 12))
        }
        say("")
        for name in ["ten", "hundred", "thousand"] {
            let time = try gatehouse.milliseconds(of: ["sessions", "revoke", "--user", name, "--yes"])
            say("revoke --user \(name): \(tenths(time - start)) ms")
        }
        say("report: \(tenths(try gatehouse.milliseconds(of: ["report"]) - start)) ms")
    }

    private func median(of arguments: [String], _ gatehouse: Gatehouse) throws -> Double {
        let times = try (0..<Self.rounds).map { _ in try gatehouse.milliseconds(of: arguments) }
        return times.sorted()[Self.rounds / 2]
    }

    private static let filters: [[String]] = {
        let big = ["--client", "https://big.example/client.json"]
        let (server, rare) = (["--resource", ManySessions.resource(1)], ["--resource", ManySessions.resource(20)])
        let hosts = ["big.example", "rare.example", "none.example"].map { ["--host", $0] }
        return [
            [], ["--state", "active"], ["--state", "approved"], ["--state", "ended"], ["--state", "expired"],
            ["--user", "ten"], ["--user", "thousand"], big, ["--client", "https://c1.example/client.json"], hosts[0],
            hosts[1], hosts[2], server, rare, big + rare, hosts[0] + rare, big + ["--state", "ended"],
            hosts[1] + ["--state", "active"], server + ["--state", "approved"], rare + ["--state", "expired"],
            ["--idle-for", "7d"], ["--idle-for", "13d"], ["--idle-for", "1h"], server + ["--idle-for", "7d"],
            rare + ["--idle-for", "7d"], big + ["--idle-for", "7d"], hosts[1] + ["--idle-for", "7d"],
            ["--user", "thousand", "--idle-for", "7d"], ["--limit", "1000"],
        ]
    }()
}

/// Sessions of many people, clients and MCP servers, a few of them rare among the others, made by SQL.
struct ManySessions {
    let count: Int
    /// The id of a key that is there: a server whose live sessions depend on another does not start.
    let refreshKey: String

    /// The id of a numbered session, as it is filled in.
    static func session(_ number: Int) -> String { "ses_" + id(number) }
    /// The id of a numbered MCP server; the twentieth has three sessions.
    static func resource(_ number: Int) -> String { "res_" + id(number) }

    private static func id(_ number: Int) -> String {
        String(repeating: "0", count: 21 - String(number).count) + String(number) + "A"
    }

    /// Fills a database that a server made and that nobody has open.
    func fill(_ path: String) throws {
        let database = try Database(path: path)
        defer { database.close() }
        try database.run(
            """
            PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA cache_size = -262144; BEGIN;
            \(people); \(servers); \(live); \(over); \(rareOnes);
            COMMIT; PRAGMA journal_mode = WAL;
            """)
    }

    private var numbers: String {
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(count))"
    }

    // The first three people have ten, a hundred and a thousand sessions, the others twenty each.
    private var people: String {
        """
        \(numbers)
        INSERT INTO users (id, subject, name, name_key, created_at)
        SELECT printf('usr_%021dA', i), printf('sub_%021dA', i), name, name, 1 FROM (
            SELECT i, CASE i WHEN 1 THEN 'ten' WHEN 2 THEN 'hundred' WHEN 3 THEN 'thousand' ELSE 'person' || i END name
            FROM n LIMIT max(10, \(count / 20)))
        """
    }

    private var servers: String {
        """
        \(numbers)
        INSERT INTO resources (id, identifier, comparable, name, owner, secret_digest, created_at)
        SELECT printf('res_%021dA', i), 'https://mcp' || i || '.example/mcp', 'https://mcp' || i || '.example/mcp',
            'Server ' || i, 'Team ' || (i % 5), zeroblob(32), 1 FROM n LIMIT 20
        """
    }

    // Half of them of one client; one in a thousand was not used for eight days.
    private var live: String {
        """
        \(numbers)
        INSERT INTO sessions (
            id, user_id, client_id, client_name, client_host, resource_id, scope, redirect_uri, binding, state, created_at,
            expires_at, idle_seconds, last_used_at, used_hour, auth_time, generation, refresh_key)
        SELECT printf('ses_%021dA', i), printf('usr_%021dA', person), 'https://' || host || '/client.json', 'Client', host,
            printf('res_%021dA', 1 + i % 19), 'files:read files:write', 'https://app.example/callback', zeroblob(32),
            'active', created, created + 5184000, 1209600, used, used / 3600, created, 2, '\(refreshKey)'
        FROM (
            SELECT i, CASE WHEN i <= 10 THEN 1 WHEN i <= 110 THEN 2 WHEN i <= 1110 THEN 3
                    ELSE 4 + i % max(1, \(count / 20) - 4) END person,
                iif(i % 2 = 0, 'big.example', 'c' || (i % 1000) || '.example') host,
                unixepoch() - 700000 - i * 7919 % 2000000 created,
                unixepoch() - iif(i % 1000 = 7, 691200 + i % 3600, i % 86400) used
            FROM n)
        """
    }

    // A tenth as many again whose time was over last week.
    private var over: String {
        """
        INSERT INTO sessions (
            id, user_id, client_id, client_name, client_host, resource_id, scope, redirect_uri, binding, state, created_at,
            expires_at, idle_seconds, last_used_at, used_hour, auth_time, generation, refresh_key, ended_at, end_reason,
            ended_by)
        SELECT 'ses_E' || substr(id, 6), user_id, client_id, client_name, client_host, resource_id, scope, redirect_uri,
            binding, 'expired', created_at, created_at + 86400, idle_seconds, created_at, created_at / 3600, auth_time, 2,
            '\(refreshKey)', created_at + 86400, 'expired', 'system'
        FROM sessions WHERE rowid <= \(count / 10)
        """
    }

    private var rareOnes: String {
        let far = [7, count / 2 + 1_111, count - 3].map(String.init).joined(separator: ", ")
        return """
            UPDATE sessions SET client_id = 'https://rare.example/client.json', client_host = 'rare.example'
            WHERE rowid IN (\(far));
            UPDATE sessions SET resource_id = printf('res_%021dA', 20)
            WHERE rowid IN (\([8, count / 2 + 1_112, count - 2].map(String.init).joined(separator: ", ")));
            UPDATE sessions SET state = 'ended', end_reason = 'revoked_by_admin', ended_by = 'admin'
            WHERE rowid IN (\((1...3).map { String(count + $0 * count / 50) }.joined(separator: ", ")))
            """
    }
}

extension Gatehouse {
    /// How long a command takes from its start to its end, whatever it says.
    func milliseconds(of arguments: [String]) throws -> Double {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments + ["--json", "--config", configuration]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let time = try ContinuousClock().measure {
            try process.run()
            process.waitUntilExit()
        }
        guard process.terminationStatus == 0 else {
            throw BenchmarkFailure(
                "`gatehouse \(arguments.joined(separator: " "))` ended with \(process.terminationStatus)")
        }
        return time.microseconds / 1000
    }
}
