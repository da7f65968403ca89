import NIOCore

/// Posts signed events to the endpoints that operators configured: one attempt each, of whose answer the status and the
/// first kilobyte are read.
///
/// Spec: RFC 8935 §2.1
package struct EventSender: Sendable {
    private let client: OperatorClient

    /// A sender that waits so many milliseconds for one whole exchange.
    package init(roots: TrustRoots = .system, deadline milliseconds: Int64 = 15_000) {
        client = OperatorClient(
            roots: roots, deadline: .milliseconds(milliseconds), maximumBody: 1024, cutsAnswers: true, connections: 32)
    }

    /// Sends one event in the compact form. Whoever gets it twice knows it by its id, so a kept connection may be used.
    package func send(_ event: String, to endpoint: String) async throws(OutboundFailure) -> OutboundResponse {
        let url: RemoteURL
        do throws(RemoteURLError) {
            url = try RemoteURL(operator: endpoint)
        } catch {
            throw .unacceptableURL(error)
        }
        return try await client.post(
            url, body: Array(event.utf8), contentType: "application/secevent+jwt",
            fields: [("Accept", "application/json")], repeatable: true)
    }

    /// Closes the kept connections.
    package func close() { client.close() }
}
