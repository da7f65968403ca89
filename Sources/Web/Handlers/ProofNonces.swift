import AuthorizationServer
import HTTPTypes
import Hummingbird
import OAuth

extension Request {
    /// The values of the `DPoP` header, each of them one proof.
    var proofs: [String] { headers[values: FieldNames.proof] }
}

extension Gatehouse {
    /// The response of `handler`, or its refusal, with the nonce for the next proof if the request has one. A client that proves
    /// nothing gets no nonce.
    ///
    /// Spec: RFC 9449 §8.2
    func offeringNonce(
        to request: Request, _ handler: () async throws -> Response
    ) async throws -> Response {
        guard !request.proofs.isEmpty else { return try await handler() }
        let nonce = token.possession.nonce(at: clock.now())
        do {
            var response = try await handler()
            response.headers[FieldNames.proofNonce] = nonce
            return response
        } catch let error as OAuthError {
            throw error.offering(nonce: nonce)
        }
    }
}
