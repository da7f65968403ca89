package import NIOCore

/// Sends requests to URLs that an operator configured (an events endpoint, a provider, another Gatehouse): to that exact
/// origin, private addresses permitted, plain http to loopback only, without redirects. Idle connections are reused.
package final class OperatorClient: Sendable {
    private let roots: TrustRoots
    private let resolver: Resolver
    let deadline: TimeAmount
    private let maximumBody: Int
    private let cutsAnswers: Bool
    private let pool: ConnectionPool
    private let proxy: OutboundProxy?

    /// The origin of a URL, which decides the permitted addresses.
    package enum Source: Sendable {
        /// An operator configured it: private networks are permitted.
        case anOperator
        /// A third party's document contains it: https to global addresses only, like any stranger's URL.
        case aDocument
    }

    /// Makes a client. `deadline` bounds an exchange, `maximumBody` the response body in bytes, `connections` the concurrent
    /// connections per origin. `cutsAnswers` truncates a longer body instead of failing, for callers that need the status.
    package init(
        roots: TrustRoots = .system, resolver: Resolver = .system(), deadline: TimeAmount = .seconds(3),
        maximumBody: Int = 256 * 1024, cutsAnswers: Bool = false, connections: Int = 8, proxy: OutboundProxy? = nil
    ) {
        self.roots = roots
        self.resolver = resolver
        self.deadline = deadline
        self.maximumBody = maximumBody
        self.cutsAnswers = cutsAnswers
        self.proxy = proxy
        pool = ConnectionPool(limit: connections)
    }

    /// Makes a client for slow exchanges, with a deadline in seconds.
    package convenience init(
        roots: TrustRoots, patience seconds: Int64, connections: Int, proxy: OutboundProxy? = nil
    ) {
        self.init(roots: roots, deadline: .seconds(seconds), connections: connections, proxy: proxy)
    }

    /// Gets a URL made by `RemoteURL(operator:)`. Every status is returned, redirects included.
    package func get(
        _ url: RemoteURL, fields: [(name: String, value: String)] = [], namedBy source: Source = .anOperator
    ) async throws(OutboundFailure) -> OutboundResponse {
        let request = OutboundRequest(
            method: .get, target: url.target, host: url.hostField, fields: Self.completed(fields))
        return try await send(request, to: url, repeatable: true, namedBy: source)
    }

    /// Sends DELETE to a URL made by `RemoteURL(operator:)`. DELETE is idempotent, so it may be sent again.
    package func delete(
        _ url: RemoteURL, fields: [(name: String, value: String)] = []
    ) async throws(OutboundFailure) -> OutboundResponse {
        let request = OutboundRequest(
            method: .delete, target: url.target, host: url.hostField, fields: Self.completed(fields))
        return try await send(request, to: url, repeatable: true)
    }

    /// Posts a body. A `repeatable` request (such as introspection) may use an idle connection and is sent again if that was just
    /// closed; any other uses a new connection and is sent once.
    package func post(
        _ url: RemoteURL, body: [UInt8], contentType: String, fields: [(name: String, value: String)] = [],
        repeatable: Bool = false, namedBy source: Source = .anOperator
    ) async throws(OutboundFailure) -> OutboundResponse {
        let fields = Self.completed(fields) + [("Content-Type", contentType)]
        let request = OutboundRequest(
            method: .post, target: url.target, host: url.hostField, fields: fields, body: body)
        return try await send(request, to: url, repeatable: repeatable, namedBy: source)
    }

    /// Closes the idle connections.
    package func close() {
        pool.drain()
    }

    private func send(
        _ request: OutboundRequest, to url: RemoteURL, repeatable: Bool, namedBy source: Source = .anOperator
    ) async throws(OutboundFailure) -> OutboundResponse {
        let deadline = NIODeadline.now() + deadline
        let kept = try await pool.lease(url.origin, deadline: deadline)
        // An idle connection may lead to an address that a document's URL may not reach.
        if let kept, repeatable, source == .anOperator {
            do throws(OutboundFailure) {
                return try await exchange(request, on: kept, of: url, deadline)
            } catch .interrupted where !Task.isCancelled {
                // The server may have closed the idle connection meanwhile: send again over a new one.
                _ = try await pool.lease(url.origin, deadline: deadline)?.close()
            }
        } else {
            kept?.close()
        }
        let connection: PinnedConnection
        do throws(OutboundFailure) {
            connection = try await open(url, namedBy: source, deadline)
        } catch {
            pool.giveBack(nil, url.origin)
            throw error
        }
        return try await exchange(request, on: connection, of: url, deadline)
    }

    /// Runs an exchange and ends the lease on every path. Cancelling the caller closes the connection.
    private func exchange(
        _ request: OutboundRequest, on connection: PinnedConnection, of url: RemoteURL, _ deadline: NIODeadline
    ) async throws(OutboundFailure) -> OutboundResponse {
        do throws(OutboundFailure) {
            var response = try await withTaskCancellationHandler {
                () async -> Result<OutboundResponse, OutboundFailure> in
                do throws(OutboundFailure) {
                    return .success(
                        try await connection.exchange(
                            request, maximumBody: maximumBody, isCut: cutsAnswers, deadline: deadline))
                } catch {
                    return .failure(error)
                }
            } onCancel: {
                connection.close()
            }.get()
            pool.giveBack(connection, url.origin)
            response.certificate = connection.certificate
            return response
        } catch {
            connection.close()
            pool.giveBack(nil, url.origin)
            throw error
        }
    }

    /// The proxy that a URL takes; nil for loopback, and for what must be vetted here. A literal address is vetted here in any
    /// case, so it never takes the proxy as a third party's URL.
    private func proxy(for url: RemoteURL, namedBy source: Source) -> OutboundProxy? {
        guard let proxy, url.isSecure, !url.isLoopback else { return nil }
        return switch source {
        case .anOperator: proxy
        case .aDocument: proxy.vetsAddresses && !url.isLiteral ? proxy : nil
        }
    }

    func open(
        _ url: RemoteURL, namedBy source: Source, _ deadline: NIODeadline
    ) async throws(OutboundFailure) -> PinnedConnection {
        let addresses: [SocketAddress]
        let isAcceptable: (SocketAddress) -> Bool = { address in
            switch source {
            case .aDocument: url.isSecure && AddressPolicy.isGlobal(address)
            case .anOperator:
                url.isSecure
                    ? AddressPolicy.isOperable(AddressPolicy.bytes(of: address)) : AddressPolicy.isLoopback(address)
            }
        }
        if let literal = url.literal, !isAcceptable(literal) {
            throw .refusedAddress(host: url.host, address: url.host)
        }
        let security = PinnedConnection.Security(roots: roots, serverName: url.isLiteral ? nil : url.host)
        if let proxy = proxy(for: url, namedBy: source) {
            return try await proxy.open(url, security: security, resolver: resolver, deadline: deadline)
        }
        if let literal = url.literal {
            addresses = [literal]
        } else {
            addresses = try await resolver.vetted(url, by: deadline, acceptable: isAcceptable)
        }
        return try await PinnedConnection.open(
            toFirstOf: addresses, security: url.isSecure ? security : nil, deadline: deadline)
    }

    static func completed(
        _ fields: [(name: String, value: String)]
    ) -> [(name: String, value: String)] {
        [("User-Agent", "Gatehouse/0.1"), ("Accept-Encoding", "identity")] + fields
    }
}
