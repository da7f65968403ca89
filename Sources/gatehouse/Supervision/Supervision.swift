import Logging
import ServiceLifecycle

/// Tells the service manager about this process, and the log when it cannot.
struct Supervision: Service {
    private let manager: ServiceManager
    private let log: Logger

    init(_ manager: ServiceManager, log: Logger) {
        self.manager = manager
        self.log = log
    }

    /// Waits for the shutdown and tells the service manager about it. As the last service of its group it is the first to know.
    func run() async throws {
        try? await gracefulShutdown()
        say(.stopping)
    }

    /// Says what this process does.
    func say(_ state: ServiceManager.State) {
        do {
            try manager.say(state)
        } catch {
            log.error("the service manager was not told", metadata: ["state": "\(state)", "error": "\(error)"])
        }
    }
}
