package import AuthorizationServer
import Foundation
import Hummingbird
package import HummingbirdTesting
import JOSE
package import Logging
package import OAuth
package import Outbound
import ServiceLifecycle
package import Storage
import StorageSupport
package import TestSupport
import Web

/// A complete server with a database in a folder of its own, called through its router without a network.
package struct Harness: Sendable {
    package let gatehouse: Gatehouse
    package let clock: TestClock
    package let client: any TestClientProtocol
    /// The folder that holds database and keys.
    package let folder: String
    package let user: User
    /// The user's password credential, as stored at the start.
    package let credential: Credential
    package let resource: Resource
    package let resourceSecret: ClientSecret
    /// A public client with the redirects `redirect` and `loopback`; tests may replace it.
    package var registered: RegisteredClient

    package static let password = "correct horse battery staple"
    package static let redirect = "https://app.example/callback"
    package static let loopback = "http://127.0.0.1/callback"

    /// Starts a server, runs `test` against it and removes everything afterwards.
    package static func run(
        issuer: String = "http://localhost", clock: TestClock = TestClock(),
        fetcher: @Sendable (Store) throws -> DocumentFetcher = {
            DocumentFetcher(policy: try FetchPolicy(), rulesIn: $0)
        },
        operators: OperatorClient = OperatorClient(deadline: .seconds(20)),
        log: Logger = CapturedLog().logger,
        hasher: PasswordHasher = PasswordHasher(cost: .cheapForTests),
        adjust: @Sendable (inout Settings) throws -> Void = { _ in },
        _ test: @Sendable @escaping (Harness) async throws -> Void
    ) async throws {
        let folder = NSTemporaryDirectory() + "gatehouse-test-" + Random.token(9)
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var settings = Settings(issuer: try Issuer(issuer))
        try adjust(&settings)
        let store = try Store(path: folder + "/gatehouse.sqlite", options: .init(create: true))
        let keys = try KeyRing.open(directory: folder + "/keys", now: clock.now.seconds, createIfEmpty: true)
        let gatehouse = Gatehouse(
            settings: settings, store: store, keys: keys,
            fetcher: try fetcher(store), operators: operators, clock: clock.wall,
            hasher: hasher, log: log)
        let renderer = try PageRenderer(templatesDirectory: nil, base: settings.issuer.path)
        let router = Routes.router(gatehouse, renderer: renderer, proxies: try ProxyTrust(proxies: []))
        let ground = try await Ground.lay(in: store, now: clock.now)
        try await Application(responder: router.buildResponder(), logger: log).test(.router) { client in
            try await test(
                Harness(
                    gatehouse: gatehouse, clock: clock, client: client, folder: folder, user: ground.user,
                    credential: ground.credential, resource: ground.resource, resourceSecret: ground.secret,
                    registered: ground.client))
        }
        try store.close()
    }

    /// Makes a browser without cookies.
    package func browser() -> TestBrowser { TestBrowser(client) }
}

extension Harness {
    /// Serves the router on a port of 127.0.0.1 while `body` runs, for real browsers.
    package func serving<Result: Sendable>(
        on port: Int, _ body: @Sendable () async throws -> Result
    ) async throws -> Result {
        let renderer = try PageRenderer(
            templatesDirectory: nil, base: gatehouse.settings.issuer.path)
        let router = Routes.router(gatehouse, renderer: renderer, proxies: try ProxyTrust(proxies: []))
        let (running, started) = AsyncStream<Void>.makeStream()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
            onServerRunning: { _ in started.finish() }, logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            for await _ in running {}
            let result = try await body()
            group.cancelAll()
            return result
        }
    }
}

/// The rows that every test's database starts with.
private struct Ground {
    let user: User
    let credential: Credential
    let resource: Resource
    let secret: ClientSecret
    let client: RegisteredClient

    static func lay(in store: Store, now: Timestamp) async throws -> Ground {
        let secret = ClientSecret.random()
        let user = User(name: "ada", createdAt: now)
        let ground = Ground(
            user: user, credential: .password(Harness.password, of: user),
            resource: Resource(
                identifier: try ResourceIdentifier("https://files.example/mcp"), name: "Team Files",
                owner: "Platform team",
                scopes: [
                    ResourceScope(scope: try Scope("files:read"), description: "Read your files"),
                    ResourceScope(scope: try Scope("files:list"), description: "List your files"),
                    ResourceScope(scope: try Scope("files:write"), description: "Change your files", onRequest: true),
                ],
                secretDigest: secret.digest, createdAt: now),
            secret: secret,
            client: RegisteredClient(
                id: try ClientID("quill"), name: "Quill Notes",
                redirectURIs: [try RedirectURI(Harness.redirect), try RedirectURI(Harness.loopback)], createdAt: now))
        try await store.write { transaction in
            _ = try transaction.users.insert(ground.user)
            try transaction.credentials.insert(ground.credential)
            _ = try transaction.resources.insert(ground.resource)
            _ = try transaction.clients.insert(ground.client)
        }
        return ground
    }
}

extension TestClock {
    /// This clock as the server takes it.
    package var wall: WallClock { WallClock(now: { self.now }, sleep: { try await self.sleep($0) }) }
}
