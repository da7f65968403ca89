import Glibc
import NIOCore

/// A place that is listened at: run it in a service group, and it ends, gracefully, with the group.
package struct Listener: Sendable, CustomStringConvertible {
    /// What it is for, in log lines: `main`, `operations` or `admin`.
    package let name: String
    private let body: @Sendable () async throws -> Void

    init(name: String, body: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.body = body
    }

    /// Its name in the service group.
    package var description: String { "listener \(name)" }

    /// Serves until the group shuts down; requests in flight finish. An address that is taken is thrown as `ListenerError`.
    package func run() async throws {
        try await body()
    }

    /// Called once the listener accepts connections; the port is nil for a Unix socket.
    package typealias WhenRunning = @Sendable (_ port: Int?) async -> Void
}

/// Why a listener cannot start: one sentence that says what to do.
package struct ListenerError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }

    /// The sentence for what the system said when binding failed.
    static func binding(_ place: String, _ error: any Error) -> any Error {
        guard let error = error as? IOError else { return error }
        switch error.errnoCode {
        case EADDRINUSE:
            return ListenerError("\(place) is already in use: stop what listens there or choose another address.")
        case EACCES:
            return ListenerError("Listening at \(place) is not permitted: choose another address or grant the right.")
        case EADDRNOTAVAIL:
            return ListenerError("\(place) is no address of this machine: choose one that is.")
        default:
            let cause = String(cString: strerror(error.errnoCode))
            return ListenerError("Listening at \(place) failed (\(cause)): choose another address.")
        }
    }
}
