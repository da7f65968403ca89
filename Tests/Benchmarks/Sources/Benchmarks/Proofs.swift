import Foundation
import NIOCore

/// A key, and the DPoP proofs that it signed so far.
final class ProofKey: @unchecked Sendable {
    // Each connection has a key of its own, and one thread sends for all of them.
    private let key: ClientKey
    private let header: String
    private var count = 0

    init() throws {
        key = try ClientKey()
        header = #"{"typ":"dpop+jwt","alg":"ES256","jwk":\#(key.jwk)}"#
    }

    /// A new proof for the token endpoint at this port, with this nonce.
    func proof(port: Int, nonce: String) throws -> String {
        count += 1
        let claims =
            #"{"jti":"\#(count)","htm":"POST","htu":"http://localhost:\#(port)/token","iat":\#(time(nil)),"nonce":"\#(nonce)"}"#
        return try key.signed(header: header, claims: claims)
    }

    /// The nonce that the server offers to a first proof.
    func nonce(from target: Target) async throws -> String {
        let proof = try proof(port: target.port, nonce: "")
        let answer = try await PlainHTTP(target: target).post(
            "/token", [("grant_type", "refresh_token"), ("client_id", "none")], fields: "DPoP: \(proof)\r\n")
        guard let nonce = answer.nonce else { throw BenchmarkFailure("no nonce: \(answer.status) \(answer.body)") }
        return nonce
    }
}

/// A chain of refreshes of a session that is bound to a key: each with a new proof.
final class BoundRefreshChain: RequestSource {
    private let target: Target
    private let clientID: String
    private let key: ProofKey
    private let nonce: String
    private var token: String

    init(target: Target, clientID: String, token: String, key: ProofKey, nonce: String) {
        self.target = target
        self.clientID = clientID
        self.token = token
        self.key = key
        self.nonce = nonce
    }

    func next(after body: ByteBufferView?) -> ByteBuffer? {
        if let body {
            guard let next = TokenBasket.member("refresh_token", of: body) else { return nil }
            token = next
        }
        guard let proof = try? key.proof(port: target.port, nonce: nonce) else { return nil }
        return target.post(
            "/token", "grant_type=refresh_token&client_id=\(Target.encode(clientID))&refresh_token=\(token)",
            fields: "DPoP: \(proof)\r\n")
    }
}
