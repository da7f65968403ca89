import CFloors
import Foundation

/// A client's key, which signs its JWTs with ES256.
final class ClientKey: @unchecked Sendable {
    /// The public key as a JWK.
    let jwk: String
    // One thread sends for all connections, and no libcrypto call changes the key.
    private let key: OpaquePointer

    init() throws {
        guard let key = floors_p256() else { throw BenchmarkFailure("libcrypto makes no P-256 key") }
        self.key = key
        let (x, y) = (try Self.coordinate("qx", of: key), try Self.coordinate("qy", of: key))
        jwk = #"{"kty":"EC","crv":"P-256","x":"\#(x)","y":"\#(y)"}"#
    }

    deinit { EVP_PKEY_free(key) }

    /// The JWT with this header and these claims, both as JSON.
    func signed(header: String, claims: String) throws -> String {
        let text = Self.encode(Array(header.utf8)) + "." + Self.encode(Array(claims.utf8))
        return try text + "." + Self.encode(signature(of: Array(text.utf8)))
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
