import CFloors
import Foundation
import NIOCore

/// A client's key, which signs the DPoP proofs of its token requests.
final class ProofKey: @unchecked Sendable {
    // Each connection has a key of its own, and one thread sends for all of them.
    private let key: OpaquePointer
    private let header: String
    private var count = 0

    init() throws {
        guard let key = floors_p256() else { throw BenchmarkFailure("libcrypto makes no P-256 key") }
        self.key = key
        let (x, y) = (try Self.coordinate("qx", of: key), try Self.coordinate("qy", of: key))
        header = Self.encode(
            Array(#"{"typ":"dpop+jwt","alg":"ES256","jwk":{"kty":"EC","crv":"P-256","x":"\#(x)","y":"\#(y)"}}"#.utf8))
    }

    deinit { EVP_PKEY_free(key) }

    /// A new proof for the token endpoint at this port, with this nonce.
    func proof(port: Int, nonce: String) throws -> String {
        count += 1
        let claims =
            #"{"jti":"\#(count)","htm":"POST","htu":"http://localhost:\#(port)/token","iat":\#(time(nil)),"nonce":"\#(nonce)"}"#
        let text = header + "." + Self.encode(Array(claims.utf8))
        return try text + "." + Self.encode(signature(of: Array(text.utf8)))
    }

    /// The nonce that the server offers to a first proof.
    func nonce(from target: Target) async throws -> String {
        let proof = try proof(port: target.port, nonce: "")
        let answer = try await PlainHTTP(target: target).post(
            "/token", [("grant_type", "refresh_token"), ("client_id", "none")], fields: "DPoP: \(proof)\r\n")
        guard let nonce = answer.nonce else { throw BenchmarkFailure("no nonce: \(answer.status) \(answer.body)") }
        return nonce
    }

    /// The signature as JWS has it: two numbers of 32 bytes.
    private func signature(of message: [UInt8]) throws -> [UInt8] {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        var encoded = [UInt8](repeating: 0, count: 128)
        var length = encoded.count
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1,
            EVP_DigestSign(context, &encoded, &length, message, message.count) == 1
        else { throw BenchmarkFailure("libcrypto does not sign") }
        var plain = [UInt8](repeating: 0, count: 64)
        guard floors_plain_signature(encoded, length, &plain) == 1 else {
            throw BenchmarkFailure("libcrypto does not read its own signature")
        }
        return plain
    }

    private static func coordinate(_ name: String, of key: OpaquePointer) throws -> String {
        var bytes = [UInt8](repeating: 0, count: 32)
        guard floors_coordinate(key, name, &bytes) == 1 else {
            throw BenchmarkFailure("libcrypto gives no coordinate of a key")
        }
        return encode(bytes)
    }

    private static func encode(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
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
