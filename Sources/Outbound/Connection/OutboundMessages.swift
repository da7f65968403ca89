import NIOHTTP1

/// A complete request.
struct OutboundRequest: Sendable {
    enum Method: Sendable {
        case get
        case post
        case delete

        var wire: HTTPMethod {
            switch self {
            case .get: .GET
            case .post: .POST
            case .delete: .DELETE
            }
        }
    }

    let method: Method
    let target: String
    let host: String
    var fields: [(name: String, value: String)] = []
    var body: [UInt8] = []

    var head: HTTPRequestHead {
        var headers = HTTPHeaders([("Host", host)] + fields.map { ($0.name, $0.value) })
        if method == .post { headers.replaceOrAdd(name: "Content-Length", value: String(body.count)) }
        return HTTPRequestHead(version: .http1_1, method: method.wire, uri: target, headers: headers)
    }
}

/// A complete response.
package struct OutboundResponse: Sendable {
    /// The status code.
    package let status: Int
    /// The header fields in their order.
    package let fields: [(name: String, value: String)]
    /// The body, undecoded.
    package let body: [UInt8]
    /// The server's certificate; nil without TLS or for an IP literal.
    package internal(set) var certificate: PeerCertificate?

    /// All values of a header field; the name is case-insensitive.
    package func values(of name: String) -> [String] {
        let name = name.lowercased()
        return fields.filter { $0.name.lowercased() == name }.map(\.value)
    }

    /// Whether the one Content-Type is `application/json` or `application/*+json`.
    ///
    /// Spec: RFC 6839 §3.1
    package var isJSON: Bool {
        let types = values(of: "content-type")
        guard types.count == 1, let type = types.first?.prefix(while: { $0 != ";" }) else { return false }
        let essence = type.lowercased().trimming(" \t")
        guard essence.hasPrefix("application/") else { return false }
        let subtype = essence.dropFirst("application/".count)
        return subtype == "json" || (subtype.hasSuffix("+json") && subtype.count > "+json".count)
    }

    /// Whether the body has no content coding; none was requested.
    var isUnencoded: Bool {
        values(of: "content-encoding").allSatisfy { $0.trimming(" \t").lowercased() == "identity" }
    }
}

extension StringProtocol {
    func trimming(_ characters: String) -> Substring {
        var rest = Substring(self)
        while let first = rest.first, characters.contains(first) { rest.removeFirst() }
        while let last = rest.last, characters.contains(last) { rest.removeLast() }
        return rest
    }
}
