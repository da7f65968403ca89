import Foundation
import GRDB
import JOSE
import OAuth
import Storage
import TestSupport
import Testing

@Suite("The keys commands")
struct KeyCommandTests {
    private static func ids(_ gatehouse: CommandLineProgram, _ purpose: String) async throws -> [String] {
        let list = try await gatehouse("keys", "list", "--json").json().array ?? []
        return list.compactMap(\.object).filter { $0["purpose"]?.string == purpose && $0["state"] != "ended" }
            .compactMap { $0["id"]?.string }
    }

    @Test func `rotate --now prints the consequences and asks, and without a terminal requires --yes`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let before = try await Self.ids(gatehouse, "refresh")
            let unasked = try await gatehouse("keys", "rotate", "refresh", "--now")
            #expect(unasked.status == 2 && unasked.errorLines.count == 1, "\(unasked.errors)")
            #expect(unasked.errors.hasPrefix("Error: ") && unasked.errors.contains("--yes"))
            let no = try await gatehouse.inTerminal(["keys", "rotate", "refresh", "--now"], typed: "n\n")
            #expect(no.run.status == 1)
            #expect(no.shown.contains("0 live sessions of 0 users"))
            #expect(no.shown.contains("refresh keys now? [y/N]"))
            #expect(no.shown.contains("Nothing was changed."))
            #expect(try await Self.ids(gatehouse, "refresh") == before)
            #expect(try await gatehouse("audit", "tail", "--action", "key", "--json").json() == [])
            let yes = try await gatehouse.inTerminal(["keys", "rotate", "refresh", "--now"], typed: "y\n")
            #expect(yes.run.status == 0 && yes.run.output.contains("The old keys ended"))
            let after = try await Self.ids(gatehouse, "refresh")
            #expect(after.count == 1 && after != before)
            let unheard = try await gatehouse("keys", "rotate", "sealing", "--now", "--yes", "--reason", "a lost disk")
            #expect(
                unheard.status == 0
                    && unheard.output.contains("0 values"))
            let told = try #require(
                try await gatehouse("audit", "tail", "--action", "key.rotated", "--json").json().array?.last?.object)
            #expect(
                told["reason"] == "sealing, the old keys ended at once" && told["explanation"] == "a lost disk")
            #expect(try await gatehouse("audit", "verify").status == 0)
        }
    }

    @Test func `rotate --now requires a purpose, and --yes requires --now`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            for arguments in [["--now", "--yes"], ["tokens", "--yes"]] {
                #expect(try await gatehouse(["keys", "rotate"] + arguments).status == 2, "\(arguments)")
            }
            let unknown = try await gatehouse("keys", "rotate", "everything", "--now", "--yes")
            #expect(
                unknown.status == 1
                    && unknown.errors.contains("tokens, events, assertions, refresh, code, form, sealing"))
            #expect(try await Self.ids(gatehouse, "tokens").count == 1)
        }
    }

    /// Inserts connections with tokens sealed with the ring's key, each with its own text.
    private static func fill(_ stage: Stage, count: Int) async throws {
        let keys = try ring(stage)
        let store = try Store(path: stage.path("var/gatehouse.sqlite"))
        let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
        let user = User(name: "ada", createdAt: now)
        let resource = Resource(
            identifier: try ResourceIdentifier("https://files.example/mcp"), name: "Files", owner: "Ops", scopes: [],
            secretDigest: .sha256("secret"), createdAt: now)
        try await store.write { transaction in
            _ = try (transaction.users.insert(user), transaction.resources.insert(resource))
            for index in 0..<count {
                let id = ConnectionID.random()
                let sealed = try Sealing.seal(
                    Array("word \(id)".utf8), key: keys.secret(.sealing), context: "connection:\(id)")
                try transaction.connections.connect(
                    Connection(
                        id: id, userID: user.id, resourceID: resource.id, provider: ProviderName("p\(index)"),
                        asked: [], scope: [], tokens: sealed, createdAt: now))
            }
        }
        try store.close()
    }

    private static func ring(_ stage: Stage) throws -> KeyRing {
        let now = Int64(Date().timeIntervalSince1970)
        return try KeyRing.open(directory: stage.path("keys"), now: now, createIfEmpty: false)
    }

    /// The number of values that are sealed with one of these keys.
    private static func sealed(_ store: Store, with names: Set<String>) async throws -> Int {
        try await store.read { transaction in
            try transaction.sealedValues.list(in: .connections, after: "", limit: 10_000)
                .count { Sealing.keyID(of: $0.bytes).map(names.contains) ?? false }
        }
    }

    /// The number of such values while a server runs.
    private static func left(_ beside: DatabaseQueue, with name: String) async throws -> Int {
        try await beside.read { db in
            try Int.fetchOne(
                db, sql: "SELECT count(*) FROM connections WHERE CAST(substr(tokens, 2, ?) AS TEXT) = ?",
                arguments: [name.utf8.count, name]) ?? 0
        }
    }

    @Test func `sealing survives kill -9 between its steps: every value opens, and finally the old key is erased`()
        async throws
    {
        try await Stage.play { stage in
            let (count, first) = (1_500, try await RunningGatehouse.start(on: stage))
            await first.process.stop()
            try await Self.fill(stage, count: count)
            for killedAfter in [1, 400, 900] {
                let old = try Self.ring(stage).secret(.sealing).id
                let gatehouse = try await first.restarted()
                async let answer = gatehouse.command(["keys", "rotate", "sealing", "--now", "--yes"])
                // A reader of the database watches the server's steps, and the process is killed between two of them.
                var readOnly = Configuration()
                readOnly.readonly = true
                let watching = try DatabaseQueue(path: stage.path("var/gatehouse.sqlite"), configuration: readOnly)
                await eventually { try await Self.left(watching, with: old) <= count - killedAfter }
                gatehouse.process.kill()
                _ = try await gatehouse.process.end()
                _ = try await answer
                try watching.close()
                let between = try Self.ring(stage)
                let store = try Store(path: stage.path("var/gatehouse.sqlite"))
                let values = try await store.read {
                    try $0.sealedValues.list(in: .connections, after: "", limit: 10_000)
                }
                try store.close()
                #expect(values.count == count)
                for value in values {
                    guard case .connection(let id) = value.place else { continue }
                    let word = Sealing.open(
                        value.bytes, keys: { between.secret(.sealing, id: $0) }, context: "connection:\(id)")
                    #expect(word == Array("word \(id)".utf8))
                }
                // The next start finishes before it serves.
                let next = try await gatehouse.restarted()
                await next.process.stop()
                let ring = try Self.ring(stage)
                #expect(ring.ended(.secret(.sealing)).isEmpty && ring.secret(.sealing, id: old) == nil)
                let files = try FileManager.default.contentsOfDirectory(atPath: stage.path("keys"))
                #expect(files.filter { $0.hasPrefix("sealing-") } == ["sealing-\(ring.secret(.sealing).id).key"])
                let last = try Store(path: stage.path("var/gatehouse.sqlite"))
                #expect(try await Self.sealed(last, with: [ring.secret(.sealing).id]) == count)
                try last.close()
            }
        }
    }
}
