import NIOCore

/// The same request over and over.
final class Repeated: RequestSource {
    private let request: ByteBuffer

    init(_ request: ByteBuffer) { self.request = request }

    func next(after body: ByteBufferView?) -> ByteBuffer? { request }
}

/// A chain of refreshes: each request carries the token that the last answer brought.
final class RefreshChain: RequestSource {
    private let target: Target
    private let clientID: String
    private var token: String

    init(target: Target, clientID: String, token: String) {
        self.target = target
        self.clientID = clientID
        self.token = token
    }

    func next(after body: ByteBufferView?) -> ByteBuffer? {
        if let body {
            guard let next = TokenBasket.member("refresh_token", of: body) else { return nil }
            token = next
        }
        return target.post(
            "/token", "grant_type=refresh_token&client_id=\(Target.encode(clientID))&refresh_token=\(token)")
    }
}

/// Requests that are each sent once.
final class Once: RequestSource {
    private var rest: ArraySlice<ByteBuffer>

    init(_ requests: [ByteBuffer]) { rest = requests[...] }

    func next(after body: ByteBufferView?) -> ByteBuffer? { rest.popFirst() }
}

/// Where requests go, and how they are written.
struct Target: Sendable {
    let port: Int

    func get(_ path: String, authorization: String? = nil) -> ByteBuffer {
        let proof = authorization.map { "Authorization: \($0)\r\n" } ?? ""
        return ByteBuffer(string: "GET \(path) HTTP/1.1\r\nHost: localhost:\(port)\r\n\(proof)\r\n")
    }

    func post(_ path: String, _ form: String, authorization: String? = nil, fields: String = "") -> ByteBuffer {
        let proof = (authorization.map { "Authorization: \($0)\r\n" } ?? "") + fields
        return ByteBuffer(
            string: "POST \(path) HTTP/1.1\r\nHost: localhost:\(port)\r\n\(proof)"
                + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: \(form.utf8.count)\r\n\r\n\(form)"
        )
    }

    /// Form encoding that leaves nothing but unreserved characters as they are.
    static func encode(_ text: String) -> String {
        text.utf8.map { byte in
            let scalar = UnicodeScalar(byte)
            let isPlain =
                scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789-._~".unicodeScalars.contains(scalar))
            return isPlain ? String(scalar) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}
