import Glibc
package import NIOCore

/// Sends requests to a running server over its administration socket.
package struct AdministrationClient: Sendable {
    /// The longest socket path that SwiftNIO supports, in bytes.
    package static let longestPath = 103

    private let path: String
    private let address: SocketAddress
    private let trusted: TrustedServer
    /// The time for a first answer before a long request.
    private let answerTime: TimeAmount

    /// Makes a client for the absolute path of a socket and the users that may listen there.
    package init(
        socket path: String, trusted: TrustedServer = TrustedServer(), answerTime milliseconds: Int64 = 10_000
    ) throws(AdministrationClientError) {
        guard path.utf8.count <= Self.longestPath else { throw .pathTooLong(path) }
        guard let address = try? SocketAddress(unixDomainSocketPath: path) else { throw .pathTooLong(path) }
        self.path = path
        self.address = address
        self.trusted = trusted
        answerTime = .milliseconds(milliseconds)
    }

    /// Posts a JSON body and returns the response. `isLong` raises the deadline from a minute to an hour, for large reads and deletions.
    package func send(
        path target: String, body: [UInt8], isLong: Bool = false
    ) async throws(AdministrationClientError) -> (status: Int, body: [UInt8]) {
        if isLong { try await requireAnswer() }
        return try await exchange(
            target, body, maximumBody: 64 * 1024 * 1024, within: isLong ? .hours(1) : .seconds(60), sink: nil)
    }

    /// Throws for a server that accepts connections and answers nothing, such as a process that is stopped: a long request would
    /// wait an hour for it. Any answer will do.
    private func requireAnswer() async throws(AdministrationClientError) {
        do throws(AdministrationClientError) {
            _ = try await exchange("/", [], maximumBody: 64 * 1024, within: answerTime, sink: nil)
        } catch .broken(_, .deadline) {
            throw .silent(path)
        } catch .broken {
            // It answered something; the request itself will tell.
        }
    }

    /// Posts a JSON body and writes the body of a 200 to a file descriptor as it arrives; bodies of other statuses are
    /// returned.
    package func stream(
        path target: String, body: [UInt8], into descriptor: Int32, within time: TimeAmount = .hours(6)
    ) async throws(AdministrationClientError) -> (status: Int, body: [UInt8]) {
        // Blocking the event loop is the back-pressure: nothing is read while the file is written.
        try await exchange(target, body, maximumBody: .max, within: time) { piece in
            try Self.write(piece.readableBytesView, to: descriptor)
        }
    }

    private func exchange(
        _ target: String, _ body: [UInt8], maximumBody: Int, within time: TimeAmount,
        sink: (@Sendable (ByteBuffer) throws -> Void)?
    ) async throws(AdministrationClientError) -> (status: Int, body: [UInt8]) {
        let deadline = NIODeadline.now() + time
        let connection: PinnedConnection
        do {
            connection = try await PinnedConnection.open(toFirstOf: [address], security: nil, deadline: deadline)
        } catch {
            throw access(path, W_OK) != 0 && errno == EACCES ? .notPermitted(path) : .noServer(path)
        }
        defer { connection.close() }
        // Checked before the first byte: the request may contain a secret.
        let user = await connection.peerUser()
        guard let user, trusted.accepts(user, at: path) else { throw .stranger(path, user: user) }
        let request = OutboundRequest(
            method: .post, target: target, host: "localhost",
            fields: [("Content-Type", "application/json"), ("Connection", "close")], body: body)
        do {
            let response = try await connection.exchange(
                request, maximumBody: maximumBody, deadline: deadline, sink: sink)
            return (response.status, response.body)
        } catch {
            throw .broken(path, error)
        }
    }

    private static func write(_ bytes: ByteBufferView, to descriptor: Int32) throws {
        try bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let piece = UnsafeRawBufferPointer(rebasing: rest)
                let count = Glibc.write(descriptor, piece.baseAddress, piece.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw FileWriteError(code: errno) }
                rest = rest.dropFirst(count)
            }
        }
    }
}

/// Why a running server could not be used; the description says what to do.
package enum AdministrationClientError: Error, Hashable, CustomStringConvertible {
    /// The socket is missing, or no process listens on it.
    case noServer(String)
    /// The caller may not use the socket.
    case notPermitted(String)
    /// A process of an untrusted user listens there; nothing was sent.
    case stranger(String, user: UInt32?)
    /// The server accepts connections and does not answer; nothing was sent to it.
    case silent(String)
    /// The path is too long for a socket.
    case pathTooLong(String)
    /// The request was sent, but no complete response arrived.
    case broken(String, OutboundFailure)

    package var description: String {
        switch self {
        case .noServer(let path):
            "no Gatehouse server answers at \(path); start it with `gatehouse serve`, or correct admin.socket"
        case .notPermitted(let path):
            "you may not use the socket at \(path); run this as the server's user or as a member of admin.group"
        case .stranger(let path, let user):
            "the process that listens at \(path) runs as \(user.map { "the user '\(TrustedServer.name(of: $0))'" } ?? "an unknown user"), "
                + "not as root or as the owner of the data folder, so nothing was sent to it; stop it, or set admin.socket to a "
                + "path in a folder that only the server's user can write to"
        case .silent(let path):
            "the Gatehouse server at \(path) accepts connections and does not answer, so nothing was sent to it; look at its log, "
                + "and whether its process is stopped"
        case .pathTooLong(let path):
            "the socket path \(path) is longer than \(AdministrationClient.longestPath) bytes; set a shorter admin.socket"
        case .broken(let path, let failure):
            "the exchange with the Gatehouse server at \(path) was cut short: \(failure)"
        }
    }
}

private struct FileWriteError: Error, CustomStringConvertible {
    let code: Int32

    var description: String { String(cString: strerror(code)) }
}
