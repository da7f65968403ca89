import NIOCore

extension OperatorClient {
    /// Posts a body once, over a connection of its own, and passes the body of a 200 on as it arrives. The whole exchange may take
    /// so many seconds; cancelling the caller ends it.
    package func stream(
        _ url: RemoteURL, body: [UInt8], contentType: String, fields: [(name: String, value: String)],
        within seconds: Int64, sink: @escaping @Sendable ([UInt8]) throws -> Void
    ) async throws(OutboundFailure) -> OutboundResponse {
        let request = OutboundRequest(
            method: .post, target: url.target, host: url.hostField,
            fields: Self.completed(fields) + [("Content-Type", contentType)], body: body)
        let connection = try await open(url, namedBy: .anOperator, .now() + deadline)
        defer { connection.close() }
        let result = await withTaskCancellationHandler { () async -> Result<OutboundResponse, OutboundFailure> in
            do throws(OutboundFailure) {
                return .success(
                    try await connection.exchange(
                        request, maximumBody: .max, deadline: .now() + .seconds(seconds)
                    ) { try sink(Array($0.readableBytesView)) })
            } catch {
                return .failure(error)
            }
        } onCancel: {
            connection.close()
        }
        return try result.get()
    }
}
