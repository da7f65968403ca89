import Glibc
import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore

/// The Unix socket over which administrators of this machine command the server.
///
/// One request is `POST /v1/administration` with a JSON body; who asks is what the kernel says of the socket's other end.
package struct AdministrationSocket: Sendable {
    /// Answers one request.
    package typealias Handler = @Sendable (Peer, [UInt8]) async -> AdministrationReply

    /// What a socket's address holds here; the system itself would cut a longer path without a word.
    package static let longestPath = 103

    /// Where requests are posted to; a number in it leaves room for another language later.
    package static let route = "/v1/administration"

    private let path: String
    private let data: String?
    private let group: SocketGroup?
    private var limits: ConnectionLimits

    /// `group` may use the socket besides its owner and root; `data` is the server's own folder, which a refusal names where the
    /// socket's is not safe.
    package init(
        path: String, data: String? = nil, group: String? = nil, limits: ConnectionLimits = ConnectionLimits()
    ) throws(ListenerError) {
        guard path.utf8.count <= Self.longestPath else {
            throw ListenerError(
                "The path of the admin socket has \(path.utf8.count) bytes, and \(Self.longestPath) are allowed: shorten 'admin.socket'."
            )
        }
        guard path.utf8.first == UInt8(ascii: "/") else {
            throw ListenerError("The admin socket's path \(path) is relative: give the whole path.")
        }
        self.path = path
        self.data = data
        self.group = try group.map { name throws(ListenerError) in try SocketGroup(named: name) }
        self.limits = limits
        // Who takes a backup may have a slow disk.
        self.limits.stall = nil
    }

    /// Refuses a place that is shared or at which another server answers; changes nothing, so that it can be asked first.
    package func examine() throws(ListenerError) {
        try SocketFolder(of: path, data: data, group: group).examine()
    }

    /// Prepares the socket's folder and gives the listener, which keeps the folder from other servers as long as it lives.
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
                    await failure.note(error)
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

    /// The route's handler for what answers administrators.
    static func answering(_ handler: @escaping Handler) -> Route.Handler {
        { _, context, body in
            guard let peer = await context.peer() else { return Response(status: .forbidden) }
            return await handler(peer, body).response
        }
    }

    /// Keeps what went wrong after binding, where nothing can be thrown.
    private actor Failure {
        private(set) var error: ListenerError?

        func note(_ error: ListenerError) { self.error = error }
    }
}
