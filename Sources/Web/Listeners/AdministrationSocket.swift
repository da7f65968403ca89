import Glibc
import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore

/// The Unix socket over which the command line administers a running server.
///
/// A command is `POST /v1/administration` with a JSON body. The kernel identifies the caller (`SO_PEERCRED`).
package struct AdministrationSocket: Sendable {
    /// Executes one command of `Peer`, whose JSON is the bytes.
    package typealias Handler = @Sendable (Peer, [UInt8]) async -> AdministrationReply

    /// The maximum length of the path in bytes. The system truncates a longer path silently.
    package static let longestPath = 103

    /// The path of all commands, which contains the version of the protocol.
    package static let route = "/v1/administration"

    private let path: String
    private let data: String?
    private let group: SocketGroup?
    private var limits: ConnectionLimits

    /// The socket at this absolute path. Members of `group` may use it besides its owner and root. `data` is the data folder,
    /// which the error for an unsafe folder suggests as a place for the socket.
    package init(
        path: String, data: String? = nil, group: String? = nil, limits: ConnectionLimits = ConnectionLimits()
    ) throws(ListenerError) {
        guard path.utf8.count <= Self.longestPath else {
            throw ListenerError(
                "The path of the admin socket has \(path.utf8.count) bytes; the limit is \(Self.longestPath). Shorten 'admin.socket'."
            )
        }
        guard path.utf8.first == UInt8(ascii: "/") else {
            throw ListenerError("The path of the admin socket \(path) is relative: use an absolute path.")
        }
        self.path = path
        self.data = data
        self.group = try group.map { name throws(ListenerError) in try SocketGroup(named: name) }
        self.limits = limits
        // A client that writes a backup may have a slow disk.
        self.limits.stall = nil
    }

    /// Throws if other users can write to the folder or another server uses the socket. Changes nothing.
    package func examine() throws(ListenerError) {
        try SocketFolder(of: path, data: data, group: group).examine()
    }

    /// The listener of the socket. It locks the folder against other servers until it ends.
    package func listener(
        logger: Logger, handler: @escaping Handler, whenRunning: @escaping Listener.WhenRunning = { _ in }
    ) throws(ListenerError) -> Listener {
        let folder = try SocketFolder(of: path, data: data, group: group).prepare()
        let failure = Failure()
        let application = Application(
            responder: RouteResponder(Routes.administration(handler), checks: [PlainErrorCatcher(), MessageForm()]),
            server: .bounded(limits),
            configuration: ApplicationConfiguration(address: .unixDomainSocket(path: path)),
            onServerRunning: { channel in
                do throws(ListenerError) {
                    try folder.open()
                } catch {
                    await failure.record(error)
                    channel.close(promise: nil)
                    return
                }
                await whenRunning(nil)
            }, logger: logger)
        return Listener(name: "admin") { [path] in
            defer { withExtendedLifetime(folder) {} }
            do {
                try await application.run()
            } catch {
                if let error = await failure.error { throw error }
                throw ListenerError.binding(path, error)
            }
            if let error = await failure.error { throw error }
        }
    }

    /// The handler of the route, which identifies the peer and refuses a connection without one.
    static func answering(_ handler: @escaping Handler) -> Route.Handler {
        { _, context, body in
            guard let peer = await context.peer() else { return Response(status: .forbidden) }
            return await handler(peer, body).response
        }
    }

    /// Keeps an error that occurs after binding, in a callback that cannot throw.
    private actor Failure {
        private(set) var error: ListenerError?

        func record(_ error: ListenerError) { self.error = error }
    }
}
