import AuthorizationServer
import Hummingbird
import Logging
import OAuth
import ServiceLifecycle
import Web

extension Harness {
    /// Lets real browsers in as well, on this port of 127.0.0.1, as long as `body` takes.
    package func serving<Result: Sendable>(
        on port: Int, _ body: @Sendable () async throws -> Result
    ) async throws -> Result {
        let renderer = try PageRenderer(
            templatesDirectory: Workspace.root + "/templates", base: gatehouse.settings.issuer.path)
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
