import HTTPTypes
import Hummingbird
import NIOCore

/// Lets only requests through that name a host of this server, so that no address is ever made from what a client sent
/// and no page elsewhere reaches a listener by a name of its own.
///
/// Spec: RFC 9112 §3.2
struct HostCheck: RouterMiddleware {
    typealias Context = WebContext

    /// Whether a request may come under a host.
    private let admits: @Sendable (_ host: String, WebContext) -> Bool

    private init(admits: @escaping @Sendable (String, WebContext) -> Bool) {
        self.admits = admits
    }

    /// Admits the issuer's host to every door, and the hosts of the back channel to the doors that are on it.
    static func issuer(_ issuer: HostNames, backChannel: BackChannel) -> HostCheck {
        HostCheck { host, context in
            issuer.contains(host)
                || backChannel.hosts.contains(host) && context.found?.route?.isOnBackChannel ?? false
                    && backChannel.carries(context.peerAddress)
        }
    }

    /// Admits these hosts and every address to the operations listener: it is a name that a page elsewhere can turn
    /// upon this machine, while an address is what it is.
    static func operations(_ names: HostNames) -> HostCheck {
        HostCheck { host, _ in
            let name = HostNames.name(of: host)
            return names.contains(name) || HostNames.isAddress(name)
        }
    }

    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        // The first Host arrives as the authority; what is left in the fields is a second one.
        guard let authority = request.head.authority, !request.headers.contains(FieldNames.host) else {
            throw Refusal.malformedTarget
        }
        guard admits(authority, context) else { throw Refusal.foreignHost }
        return try await next(request, context)
    }
}

/// Hosts as they may stand in a Host field, in upper or lower case.
///
/// Compared byte by byte: Swift's own texts make a k of U+212A.
package struct HostNames: Sendable {
    private let names: [[UInt8]]

    package init(_ names: [String]) {
        self.names = names.map { Array($0.lowercased().utf8) }
    }

    /// The host with its port, and without it where the scheme implies it.
    package init(host: String, port: Int, isHTTPS: Bool) {
        self.init(port == (isHTTPS ? 443 : 80) ? [host, "\(host):\(port)"] : ["\(host):\(port)"])
    }

    package func contains(_ authority: String) -> Bool {
        names.contains { host in
            host.count == authority.utf8.count && zip(host, authority.utf8).allSatisfy { $0 == Self.lowercased($1) }
        }
    }

    /// The host without its port.
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
