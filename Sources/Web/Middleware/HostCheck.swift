import HTTPTypes
import Hummingbird
import NIOCore

/// Refuses requests whose Host is not a host of this server.
///
/// This prevents DNS rebinding, by which a web page reaches a listener under a name of its own, and links that are built from a
/// host that the client chose.
///
/// Spec: RFC 9112 §3.2
struct HostCheck: RouterMiddleware {
    typealias Context = WebContext

    /// Whether a request may name this host.
    private let admits: @Sendable (_ host: String, WebContext) -> Bool

    private init(admits: @escaping @Sendable (String, WebContext) -> Bool) {
        self.admits = admits
    }

    /// Admits the issuer's host to all routes, and the hosts of the back channel to the routes of the back channel.
    static func issuer(_ issuer: HostNames, backChannel: BackChannel) -> HostCheck {
        HostCheck { host, context in
            issuer.contains(host)
                || backChannel.hosts.contains(host) && context.match?.route?.isOnBackChannel ?? false
                    && backChannel.carries(context.peerAddress)
        }
    }

    /// Admits these hosts and all IP addresses to the operations listener. DNS rebinding needs a name; an IP address
    /// always means the host that it belongs to.
    static func operations(_ names: HostNames) -> HostCheck {
        HostCheck { host, _ in
            let name = HostNames.name(of: host)
            return names.contains(name) || HostNames.isAddress(name)
        }
    }

    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        // NIO moves the first Host field to the authority, so a Host field that remains is a second one.
        guard let authority = request.head.authority, !request.headers.contains(FieldNames.host) else {
            throw Refusal.malformedTarget
        }
        guard admits(authority, context) else { throw Refusal.foreignHost }
        return try await next(request, context)
    }
}

/// The values of a Host field that name this server, compared without case.
///
/// Comparison is by bytes, because Swift's strings equate U+212A with the letter K.
package struct HostNames: Sendable {
    private let names: [[UInt8]]

    package init(_ names: [String]) {
        self.names = names.map { Array($0.lowercased().utf8) }
    }

    /// The host with its port, and also without it if the port is the default of the scheme.
    package init(host: String, port: Int, isHTTPS: Bool) {
        self.init(port == (isHTTPS ? 443 : 80) ? [host, "\(host):\(port)"] : ["\(host):\(port)"])
    }

    package func contains(_ authority: String) -> Bool {
        names.contains { host in
            host.count == authority.utf8.count && zip(host, authority.utf8).allSatisfy { $0 == Self.lowercased($1) }
        }
    }

    /// The host of an authority, without the port.
    static func name(of authority: String) -> String {
        let bytes = authority.utf8
        if bytes.first == UInt8(ascii: "["), let end = bytes.firstIndex(of: UInt8(ascii: "]")) {
            let rest = bytes[bytes.index(after: end)...]
            guard rest.isEmpty || isPort(rest) else { return authority }
            return String(authority[...end])
        }
        guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")), isPort(bytes[colon...]) else { return authority }
        return String(authority[..<colon])
    }

    /// Whether a host is an IP address, IPv6 in brackets.
    static func isAddress(_ name: String) -> Bool {
        let isBracketed = name.hasPrefix("[") && name.hasSuffix("]")
        let address = isBracketed ? String(name.dropFirst().dropLast()) : name
        switch try? SocketAddress(ipAddress: address, port: 0) {
        case .v4: return !isBracketed
        case .v6: return isBracketed
        default: return false
        }
    }

    private static func isPort(_ text: Substring.UTF8View) -> Bool {
        text.first == UInt8(ascii: ":") && text.count > 1
            && text.dropFirst().allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
    }
}
