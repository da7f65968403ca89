import Foundation
import JOSE
import OAuth
import Storage
import TestSupport
import Testing

@Suite("Commands about sessions")
struct SessionCommandTests {
    private static let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))

    /// A database in which Ana has `count` live sessions, the last approved a second ago, and Bo one without use for ten
    /// days. The IDs are passed newest first.
    private static func play(
        _ count: Int, _ test: @escaping (CommandLineProgram, [String], _ bos: String) async throws -> Void
    ) async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let (ana, bo) = (user("ana"), user("bo"))
            let files = try server("https://files.example.org/mcp", owner: "Files team")
            let mail = try server("https://mail.example.org/mcp", owner: "Mail team")
            let desk = try RegisteredClient(
                id: ClientID("desk"), name: "Desk", redirectURIs: [RedirectURI("https://desk.example/cb")],
                createdAt: now)
            let anas = try (0..<count).map { try session(of: ana, at: files, now - 1 - Int64($0)) }
            let bos = try session(of: bo, at: mail, now - 10 * 86_400)
            try await gatehouse.withStore { store in
                try await store.write { tx in
                    for user in [ana, bo] { try tx.users.insert(user) }
                    for server in [files, mail] { _ = try tx.resources.insert(server) }
                    try tx.clients.insert(desk)
                    for session in anas + [bos] { try approve(session, in: tx) }
                }
            }
            try await test(gatehouse, anas.map(\.id.string), bos.id.string)
        }
    }

    private static func user(_ name: String) -> User { User(name: name, createdAt: now) }

    private static func server(_ identifier: String, owner: String) throws -> Resource {
        try Resource(
            identifier: ResourceIdentifier(identifier), name: "Server", owner: owner,
            scopes: [ResourceScope(scope: Scope("files:read"), description: "Read")], secretDigest: .sha256("secret"),
            createdAt: now)
    }

    private static func session(of user: User, at server: Resource, _ time: Timestamp) throws -> Session {
        try Session(
            userID: user.id, clientID: ClientID("desk"), clientName: "Desk", resourceID: server.id,
            scope: ScopeSet(parsing: "files:read"), redirectURI: "https://desk.example/cb", binding: .sha256("browser"),
            createdAt: time, expiresAt: time + 30 * 86_400, idleSeconds: 14 * 86_400, authTime: time, refreshKeyID: "k1"
        )
    }

    private static func approve(_ session: Session, in transaction: Transaction) throws {
        let code = try AuthorizationCodeRecord(
            digest: .sha256("code of \(session.id)"), sessionID: session.id, interactionID: .random(),
            clientID: session.clientID, redirectURI: session.redirectURI ?? "",
            challenge: CodeChallenge(for: CodeVerifier(String(repeating: "v", count: 43))),
            expiresAt: session.createdAt + 60)
        try transaction.sessions.approve(session, code: code)
        guard try transaction.codes.spend(code.digest, now: session.createdAt),
            try transaction.sessions.activate(session.id, now: session.createdAt)
        else { throw StageFailure("the code is not to be redeemed") }
    }

    private static func ids(_ run: CommandLineProgram.Run) throws -> [String] {
        try run.json().array?.compactMap { $0.object?["id"]?.string } ?? []
    }

    /// The cursor that a list prints for `--after`.
    private static func next(_ run: CommandLineProgram.Run) -> String? {
        run.errorLines.first { $0.contains("--after ") }?.split(separator: " ").last.map(String.init)
    }

    @Test func `the pages of a list contain each session once`() async throws {
        try await Self.play(5) { gatehouse, anas, bos in
            for filter in [[], ["--state", "active"], ["--idle-for", "0s"]] {
                let list = ["sessions", "list", "--json", "--limit", "2"] + filter
                var (seen, words): ([String], [String]) = ([], [])
                while true {
                    let run = try await gatehouse(list + words)
                    #expect(run.status == 0)
                    let page = try Self.ids(run)
                    #expect(page.count <= 2)
                    seen += page
                    guard let next = Self.next(run) else {
                        #expect(run.errors.isEmpty)
                        break
                    }
                    words = ["--after", next]
                }
                #expect(Set(seen) == Set(anas + [bos]) && seen.count == 6, "\(filter)")
                #expect(filter == ["--idle-for", "0s"] ? seen.first == bos : seen == anas + [bos])
            }
            let table = try await gatehouse("sessions", "list", "--limit", "2")
            #expect(table.output.contains(anas[1]) && !table.output.contains(anas[2]))
            #expect(table.errorLines.count == 1 && table.errors.hasSuffix("--after \(anas[1])\n"))
            let foreign = try await gatehouse("sessions", "list", "--after", SessionID.random().string)
            #expect(foreign.status == 1 && foreign.errors.contains("--after not found") && foreign.output.isEmpty)
            let idle = try await gatehouse("sessions", "list", "--json", "--idle-for", "7d", "--resource", anas[0])
            #expect(idle.status == 1 && idle.errors.contains("MCP server '\(anas[0])' not found"))
            #expect(try await Self.ids(gatehouse("sessions", "list", "--json", "--idle-for", "7d")) == [bos])
        }
    }

    @Test func `a filter without matches succeeds with a remark, and an unknown name fails`() async throws {
        try await Self.play(1) { gatehouse, _, _ in
            for filter in [
                ["--host", "nowhere.example"], ["--state", "expired"], ["--user", "bo", "--idle-for", "11d"],
            ] {
                let json = try await gatehouse(["sessions", "list", "--json"] + filter)
                #expect(json.status == 0 && json.output == "[]\n" && json.errorLines.count == 1)
                #expect(json.errors.contains("No matching sessions"))
                let table = try await gatehouse(["sessions", "list"] + filter)
                #expect(table.status == 0 && table.output.isEmpty && table.errors == json.errors)
            }
            for (words, sentence) in [
                (["--user", "eve"], "User 'eve' not found"),
                (["--client", "none"], "Client 'none' not found"),
                (["--resource", "https://x.example"], "MCP server 'https://x.example' not found"),
                (["--host", "https://app.example/"], "'https://app.example/' is not a host"),
            ] {
                for verb in [["list"], ["revoke", "--yes"]] {
                    let run = try await gatehouse(["sessions"] + verb + words)
                    #expect(
                        run.status == 1 && run.errorLines.count == 1 && run.errors.contains(sentence), "\(run.errors)")
                }
            }
        }
    }

    @Test func `revoking by a filter shows the sessions and asks, and without a terminal requires --yes`() async throws
    {
        try await Self.play(12) { gatehouse, anas, bos in
            let words = ["sessions", "revoke", "--user", "ana", "--reason", "left"]
            let unasked = try await gatehouse(words)
            #expect(unasked.status == 2 && unasked.errorLines.count == 1)
            #expect(unasked.errors.hasPrefix("Error: ") && unasked.errors.contains("--yes"))
            let declined = try await gatehouse.inTerminal(words, typed: "n\n")
            #expect(declined.run.status == 1 && declined.run.output.isEmpty)
            for count in ["12 live sessions", "1 user", "1 client", "1 MCP server", "newest 10"] {
                #expect(declined.shown.contains(count), "\(declined.shown)")
            }
            #expect(declined.shown.contains(anas[9]) && !declined.shown.contains(anas[10]))
            #expect(declined.shown.contains("No session was revoked."))
            let live = ["sessions", "list", "--state", "active", "--json"]
            #expect(try await Self.ids(gatehouse(live)).count == 13)
            let agreed = try await gatehouse.inTerminal(words + ["--json"], typed: "y\n")
            #expect(agreed.run.status == 0 && agreed.shown.contains("these 12 sessions? [y/N]"))
            #expect(try Set(Self.ids(agreed.run)) == Set(anas))
            #expect(try await Self.ids(gatehouse(live)) == [bos])
            let records = try await gatehouse("audit", "tail", "--json", "--action", "session.ended").json().array
            #expect(records?.count == 12)
            #expect(records?.allSatisfy { $0.object?["explanation"]?.string == "left" } == true)
        }
    }

    @Test func `a script revokes sessions by ID, gets their rows, and fails without a match`() async throws {
        try await Self.play(2) { gatehouse, anas, bos in
            let one = try await gatehouse("sessions", "revoke", anas[0], "--json")
            #expect(one.status == 0)
            #expect(try Self.ids(one) == [anas[0]])
            let rest = try await gatehouse("sessions", "revoke", "--client", "desk", "--yes", "--json")
            #expect(try Set(Self.ids(rest)) == [anas[1], bos])
            let again = try await gatehouse("sessions", "revoke", "--client", "desk", "--yes", "--json")
            #expect(again.status == 1 && again.output.isEmpty)
            #expect(again.errorLines.count == 1 && again.errors.contains("No live session"))
            let asked = try await gatehouse.inTerminal(["sessions", "revoke", "--client", "desk"], typed: "y\n")
            #expect(asked.run.status == 1 && asked.shown.contains("No live session"))
            #expect(!asked.shown.contains("[y/N]"))
        }
    }

    @Test func `a report counts live sessions by owner and MCP server, idle and never used ones apart`() async throws {
        try await Self.play(3) { gatehouse, anas, bos in
            let run = try await gatehouse("report", "--json")
            let rows = try #require(try run.json().array?.compactMap(\.object))
            #expect(rows.map { $0["owner"]?.string } == ["Files team", "Mail team"])
            let names = [
                "owner", "resource", "name", "resource_id", "access", "live", "people", "clients", "idle",
                "never_used", "oldest_created_at", "last_expires_at",
            ]
            #expect(rows.allSatisfy { $0.members.map(\.name) == names })
            func numbers(_ row: JSONObject) -> [Int64?] {
                ["live", "people", "clients", "idle", "never_used"].map { row[$0]?.integer }
            }
            #expect(numbers(rows[0]) == [3, 1, 1, 0, 3] && numbers(rows[1]) == [1, 1, 1, 1, 1])
            #expect(rows[1]["oldest_created_at"]?.string == (Self.now - 10 * 86_400).rfc3339)
            let later = try await gatehouse("report", "--json", "--idle-for", "11d", "--owner", "Mail team").json()
                .array
            #expect(later?.count == 1 && later?.first?.object?["idle"] == 0)
            let table = try await gatehouse("report")
            #expect(table.output.hasPrefix("OWNER ") && table.output.contains("Mail team"))
            #expect(table.output.contains("sessions list --resource RESOURCE --idle-for 7d"))
            let nobody = try await gatehouse("report", "--owner", "Nobody")
            #expect(nobody.status == 1 && nobody.errors.contains("Owner 'Nobody' not found"))
            _ = try await gatehouse("sessions", "revoke", bos, anas[0])
            let after = try await gatehouse("report", "--json").json().array?.compactMap(\.object)
            #expect(after.map { $0.map { $0["live"]?.integer } } == [2, 0])
        }
    }
}

@Suite("Pages of the other lists")
struct ListPageCommandTests {
    @Test func `the pages of every list end at the limit, name the next page and contain each row once`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let now = Timestamp(seconds: 1_000_000)
            try await gatehouse.withStore { store in
                try await store.write { tx in
                    for name in ["ana", "Bo", "Čeněk", "dora", "eva"] {
                        try tx.users.insert(User(name: name, createdAt: now))
                        let uri =
                            "https://\(User(name: name, createdAt: now).subject.string.dropFirst(4))"
                        _ = try tx.resources.insert(
                            Resource(
                                identifier: ResourceIdentifier(uri.lowercased().replacing("_", with: "x") + ".example"),
                                name: "Server", owner: "Ops", scopes: [], secretDigest: .sha256(name), createdAt: now))
                    }
                    for id in ["desk", "it's", "web"] {
                        try tx.clients.insert(
                            RegisteredClient(
                                id: ClientID(id), name: id, redirectURIs: [RedirectURI("https://a.example/cb")],
                                createdAt: now))
                    }
                    for index in 0..<2 {
                        let id = try ClientID("https://h\(index).example/c.json?a=1&b=2")
                        try tx.documents.store(
                            CachedDocument(
                                clientID: id, bytes: [1], digest: .sha256([1]), fetchedAt: now, expiresAt: now,
                                lastGoodAt: now))
                        try tx.clientRules.set(ClientRule(.client(id), .allow, createdAt: now))
                    }
                    for host in ["a.example", "b.example"] {
                        try tx.clientRules.set(ClientRule(.host(host), .block, createdAt: now))
                    }
                    try tx.clientRules.set(ClientRule(.client(ClientID("gone")), .block, createdAt: now))
                }
            }
            try await expect(gatehouse, "users", pieces: [2, 2, 1], by: "id")
            try await expect(gatehouse, "resources", pieces: [2, 2, 1], by: "id")
            try await expect(gatehouse, "clients", pieces: [2, 2, 2, 2], by: "client_id")
            for noun in ["elicitations", "connections", "events", "jobs"] {
                let run = try await gatehouse(noun, "list", "--json", "--limit", "5")
                #expect(run.status == 0 && run.output == "[]\n" && run.errors.contains("No matching "))
                let after = try await gatehouse(noun, "list", "--json", "--after", "nobody")
                #expect(after.status == 1 && after.errors.contains("'nobody' for --after not found"))
            }
        }
    }

    private func expect(
        _ gatehouse: CommandLineProgram, _ noun: String, pieces: [Int], by field: String
    ) async throws {
        var (counts, seen, words): ([Int], [JSONObject], [String]) = ([], [], [])
        while true {
            let run = try await gatehouse([noun, "list", "--json", "--limit", "2"] + words)
            let rows = try run.json().array?.compactMap(\.object) ?? []
            #expect(run.status == 0, "\(run.errors)")
            counts.append(rows.count)
            seen += rows
            guard let more = run.errors.firstRange(of: "--after ") else { break }
            // Unquoted as by a shell.
            var word = String(run.errors[more.upperBound...].dropLast())
            if word.hasPrefix("'") { word = String(word.dropFirst().dropLast()).replacing(#"'\''"#, with: "'") }
            words = ["--after", word]
        }
        #expect(counts == pieces, "\(noun)")
        let names = seen.map { $0[field]?.string ?? $0["host"]?.string ?? "" }
        #expect(Set(names).count == pieces.reduce(0, +), "\(noun): \(names)")
        let whole = try await gatehouse(noun, "list", "--json")
        #expect(try whole.json().array?.compactMap(\.object) == seen && whole.errors.isEmpty)
    }
}
