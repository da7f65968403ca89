import Foundation
import JOSE
import OAuth
import Storage
import TestSupport
import Testing

@Suite("Sealed values that no key opens")
struct UnopenedValueTests {
    @Test func `doctor and serve name the owners of the values, and not their contents`() async throws {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            await gatehouse.process.stop()
            let ring = try stage.ring()
            let lost = ring.secret(.sealing)
            let id = ConnectionID.random()
            let store = try Store(path: stage.path("var/gatehouse.sqlite"))
            try await Self.fill(store, connection: id, with: lost)
            try store.close()
            #expect(try await gatehouse.command(["doctor"]).output.contains("ok       sealing"))
            // As after a restore: the key is missing, and no value was sealed again.
            try ring.replace(.secret(.sealing), now: Int64(Date().timeIntervalSince1970))
            try ring.forgetEnded(.secret(.sealing))
            let words = "2: the client secret of the provider hub; the tokens of the connection \(id)"
            let served = try await gatehouse.restarted()
            let log = try stage.log("gatehouse")
            #expect(log.contains("no key opens some sealed values") && log.contains(words), "\(log)")
            #expect(!log.contains("canary"))
            let doctor = try await served.command(["doctor", "--json"])
            #expect(doctor.status == 1 && doctor.output.contains("No key opens \(words)."), "\(doctor.output)")
        }
    }

    @Test func `rotate sealing names values that did not open before either`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let ring = try gatehouse.stage.ring()
            let id = ConnectionID.random()
            try await gatehouse.withStore { store in
                try await Self.fill(store, connection: id, with: ring.secret(.sealing))
                // One bit is flipped.
                let value = try #require(
                    try await store.read { try $0.sealedValues.list(in: .connections, after: "", limit: 1) }.first)
                try await store.write {
                    try $0.sealedValues.replace(value, with: value.bytes.dropLast() + [(value.bytes.last ?? 0) ^ 1])
                }
            }
            let run = try await gatehouse("keys", "rotate", "sealing", "--now", "--yes")
            #expect(run.status == 0)
            #expect(
                run.output.contains("Sealed 1 value again. 1 could not be opened"), "\(run.output)")
            #expect(run.output.contains("connection \(id)"))
        }
    }

    private static func fill(_ store: Store, connection id: ConnectionID, with key: NamedKey) async throws {
        let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
        let user = User(name: "ada", createdAt: now)
        let resource = Resource(
            identifier: try ResourceIdentifier("https://files.example/mcp"), name: "Files", owner: "Ops", scopes: [],
            secretDigest: .sha256("secret"), createdAt: now)
        let tokens = try Sealing.seal(Array("canary tokens".utf8), key: key, context: "connection:\(id)")
        let secret = try Sealing.seal(Array("canary secret".utf8), key: key, context: "provider:hub")
        try await store.write { transaction in
            _ = try (transaction.users.insert(user), transaction.resources.insert(resource))
            _ = try transaction.providers.insert(
                Provider(
                    name: ProviderName("hub"), owner: "Ops", issuer: nil,
                    authorizationEndpoint: "https://hub.example/authorize", tokenEndpoint: "https://hub.example/token",
                    clientID: "gatehouse", clientSecret: secret, authMethod: .clientSecretBasic, createdAt: now))
            try transaction.connections.connect(
                Connection(
                    id: id, userID: user.id, resourceID: resource.id, provider: ProviderName("hub"), asked: [],
                    scope: [], tokens: tokens, createdAt: now))
        }
    }
}
