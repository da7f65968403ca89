import JOSE
import OAuth

/// This MCP server's client id and secret at the authorization server, for HTTP Basic.
///
/// Spec: RFC 6749 §2.3.1
struct BasicCredentials: Sendable {
    private let secret: Secret

    init(clientID: String, clientSecret: String) throws(InvalidConfiguration) {
        guard !clientID.isEmpty, !clientSecret.isEmpty else {
            throw InvalidConfiguration(
                "Give the client id and secret that `gatehouse resources add` printed for this MCP server.")
        }
        secret = Secret("\(PercentEncoding.encode(clientID)):\(PercentEncoding.encode(clientSecret))")
    }

    /// The value of the `Authorization` header field.
    var field: String { "Basic " + Base64.encode(secret.bytes) }
}
