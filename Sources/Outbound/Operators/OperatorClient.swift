package import NIOCore

/// Sends requests to what an operator configured (an events endpoint, a provider, another Gatehouse): that exact origin,
/// private addresses allowed, plain http to this machine only, no redirect. A few connections per origin are kept.
package final class OperatorClient: Sendable {
    private let roots: TrustRoots
    private let resolver: Resolver
    private let deadline: TimeAmount
    private let maximumBody: Int
    private let cutsAnswers: Bool
    private let pool: ConnectionPool

    /// Whose word it is that a request goes to this place.
    package enum Source: Sendable {
        /// An operator wrote the address down: private networks are fine.
        case anOperator
        /// A document that somebody else publishes named it: https to a global address, like any stranger's URL.
        case aDocument
    }

    /// `deadline` bounds one whole exchange, `maximumBody` its answer, `connections` how many an origin sees at a time.
    /// `cutsAnswers` takes the beginning of a longer answer instead of refusing it, where the status is what counts.
    package init(
        roots: TrustRoots = .system, resolver: Resolver = .system(), deadline: TimeAmount = .seconds(3),
        maximumBody: Int = 256 * 1024, cutsAnswers: Bool = false, connections: Int = 8
    ) {
        self.roots = roots
        self.resolver = resolver
        self.deadline = deadline
        self.maximumBody = maximumBody
        self.cutsAnswers = cutsAnswers
        pool = ConnectionPool(limit: connections)
    }

    /// A client for questions that take their time: an exchange may last so many seconds.
    package convenience init(roots: TrustRoots, patience seconds: Int64, connections: Int) {
        self.init(roots: roots, deadline: .seconds(seconds), connections: connections)
    }

    /// Gets a URL made by `RemoteURL(operator:)`; any status is an answer, a redirect too.
    package func get(
        _ url: RemoteURL, fields: [(name: String, value: String)] = []
    ) async throws(OutboundFailure) -> OutboundResponse {
        let request = OutboundRequest(
            method: .get, target: url.target, host: url.hostField, fields: Self.completed(fields))
        return try await send(request, to: url, repeatable: true)
    }

    /// Deletes what a URL made by `RemoteURL(operator:)` names; doing it twice is the same as once, so it may be repeated.
    package func delete(
        _ url: RemoteURL, fields: [(name: String, value: String)] = []
    ) async throws(OutboundFailure) -> OutboundResponse {
        let request = OutboundRequest(
            method: .delete, target: url.target, host: url.hostField, fields: Self.completed(fields))
        return try await send(request, to: url, repeatable: true)
    }

    /// Posts a body. One that is `repeatable` (a question, as introspection is) may use a kept connection and is sent
    /// again if that had just been closed; any other goes over a new connection and is sent once.
    package func post(
        _ url: RemoteURL, body: [UInt8], contentType: String, fields: [(name: String, value: String)] = [],
        repeatable: Bool = false, namedBy source: Source = .anOperator
    ) async throws(OutboundFailure) -> OutboundResponse {
        let fields = Self.completed(fields) + [("Content-Type", contentType)]
        let request = OutboundRequest(
            method: .post, target: url.target, host: url.hostField, fields: fields, body: body)
        return try await send(request, to: url, repeatable: repeatable, namedBy: source)
    }

    /// Closes the kept connections.
    package func close() {
        pool.drain()
    }

    private func send(
        _ request: OutboundRequest, to url: RemoteURL, repeatable: Bool, namedBy source: Source = .anOperator
    ) async throws(OutboundFailure) -> OutboundResponse {
        let deadline = NIODeadline.now() + deadline
        let kept = try await pool.lease(url.origin, deadline: deadline)
        // A kept connection may lead where a document's word does not.
        if let kept, repeatable, source == .anOperator {
            do throws(OutboundFailure) {
                return try await exchange(request, on: kept, of: url, deadline)
            } catch .interrupted where !Task.isCancelled {
                // A kept connection may end while the request is on its way. Ask again, on one that is new.
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

    /// Whatever comes of it, the lease ends here; a caller who is cancelled waits no longer, and neither does the other side.
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

    private func open(
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
        if let literal = url.literal {
            guard isAcceptable(literal) else { throw .refusedAddress(host: url.host, address: url.host) }
            addresses = [literal]
        } else {
            addresses = try await resolver.vetted(url, by: deadline, acceptable: isAcceptable)
        }
        let security = PinnedConnection.Security(roots: roots, serverName: url.isLiteral ? nil : url.host)
        return try await PinnedConnection.open(
            toFirstOf: addresses, security: url.isSecure ? security : nil, deadline: deadline)
    }

    private static func completed(
        _ fields: [(name: String, value: String)]
    ) -> [(name: String, value: String)] {
        [("User-Agent", "Gatehouse/0.1"), ("Accept-Encoding", "identity")] + fields
    }
}
