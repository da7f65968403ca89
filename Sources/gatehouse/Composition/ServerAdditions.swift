import JOSE
import Logging
import Web

/// What a server has besides the parts of every server.
struct ServerAdditions: Sendable {
    /// Members of its metadata.
    var metadata = JSONObject()
    /// Makes further listeners, which log to the given logger.
    var listeners: @Sendable (Logger) throws -> [Listener] = { _ in [] }
    /// Runs when every listener of every server accepts connections.
    var whenReady: @Sendable () -> Void = {}
}

extension ServerAdditions {
    /// The same additions, with a service manager that is told as soon as the server is ready.
    func announcing(to supervision: Supervision) -> ServerAdditions {
        var additions = self
        additions.whenReady = { [whenReady] in
            whenReady()
            supervision.say(.ready)
        }
        return additions
    }
}
