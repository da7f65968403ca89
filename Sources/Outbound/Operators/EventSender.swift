import NIOCore

/// Posts signed events to configured endpoints. Each call is one attempt and reads the status and the first kilobyte of the
/// response.
///
/// Spec: RFC 8935 §2.1
package struct EventSender: Sendable {
    private let client: OperatorClient

    /// Makes a sender; `deadline` bounds one exchange, in milliseconds.
    package init(
        roots: TrustRoots = .system, deadline milliseconds: Int64 = 15_000, proxy: OutboundProxy? = nil
    ) {
        client = OperatorClient(
            roots: roots, deadline: .milliseconds(milliseconds), maximumBody: 1024, cutsAnswers: true, connections: 32,
            proxy: proxy)
    }

    /// Sends one event in compact form. A receiver recognises a repeated event by its `jti`, so the request may be sent again.
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

    /// Closes the idle connections.
    package func close() { client.close() }
}
