import NIOCore

/// Registrations of public clients, each from another network, so that no limit of a network is reached.
final class Registrations: RequestSource {
    private let target: Target
    private let isNew: Bool
    private let connection: Int
    private let limit: Int
    private var number = 0

    /// The requests of one connection. `isNew` makes each of them another client, which is a durable write; otherwise all are
    /// one client, which is read.
    init(target: Target, isNew: Bool, connection: Int, limit: Int) {
        self.target = target
        self.isNew = isNew
        self.connection = connection
        self.limit = limit
    }

    func next(after body: ByteBufferView?) -> ByteBuffer? {
        guard number < limit else { return nil }
        number += 1
        let name = isNew ? "Desk \(connection)-\(number)" : "Desk"
        let metadata =
            "{\"client_name\":\"\(name)\",\"redirect_uris\":[\"http://127.0.0.1/callback\"],"
            + "\"token_endpoint_auth_method\":\"none\"}"
        return target.postJSON(
            "/register", metadata, from: "10.\(number >> 8 & 255).\(number & 255).\(connection & 255)")
    }
}

extension Target {
    /// A request with a JSON body that a proxy passes on from an address.
    func postJSON(_ path: String, _ json: String, from address: String) -> ByteBuffer {
        ByteBuffer(
            string: "POST \(path) HTTP/1.1\r\nHost: localhost:\(port)\r\nX-Forwarded-For: \(address)\r\n"
                + "Content-Type: application/json\r\nContent-Length: \(json.utf8.count)\r\n\r\n\(json)")
    }
}
