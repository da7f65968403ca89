import HTTPTypes
package import Hummingbird
import NIOCore

/// Finds the address that a request comes from, believing forwarding headers from configured proxies alone.
///
/// Only the address is ever taken from them: host and scheme come from the configured issuer.
package struct ProxyTrust: Sendable {
    private let proxies: Set<String>

    /// Trusts no proxy.
    package static let nobody = ProxyTrust()

    private init() { proxies = [] }

    /// Trusts the proxies at these IP addresses; a text that is no address is refused with a sentence.
    package init(proxies: [String]) throws(ProxyError) {
        var canonical: Set<String> = []
        for proxy in proxies {
            guard let address = Self.canonical(proxy) else { throw ProxyError(address: proxy) }
            canonical.insert(address)
        }
        self.proxies = canonical
    }

    /// The nearest address that is not a trusted proxy; nil when the connection has none, as a Unix socket.
    package func clientAddress(of request: Request, context: WebContext) -> String? {
        clientAddress(peer: context.peerAddress?.ipAddress, forwarded: request.headers[values: FieldNames.forwardedFor])
    }

    func clientAddress(peer: String?, forwarded: [String]) -> String? {
        guard let peer = peer.map({ Self.canonical($0) ?? $0 }) else { return nil }
        guard proxies.contains(peer) else { return peer }
        // Each proxy appends whom it heard, so the list is read from its end until somebody unknown speaks.
        // Only the end counts: what stands before it was sent by the caller.
        let hops = forwarded.flatMap { $0.split(separator: ",") }.suffix(32)
        for hop in hops.reversed() {
            guard let address = Self.canonical(Self.address(in: hop)) else { return peer }
            guard proxies.contains(address) else { return address }
        }
        return peer
    }

    /// Whether the other end of a connection is one of the proxies.
    func trusts(_ peer: String?) -> Bool { peer.map { proxies.contains(Self.canonical($0) ?? $0) } ?? false }

    /// What a proxy writes of whom it heard, without the brackets and the port that some add.
    private static func address(in hop: Substring) -> String {
        let text = hop.drop { $0.isWhitespace }
        let end = text.firstIndex(where: \.isWhitespace) ?? text.endIndex
        guard text[end...].allSatisfy(\.isWhitespace) else { return "" }
        let entry = text[..<end]
        if entry.first == "[", let close = entry.firstIndex(of: "]") {
            let rest = entry[close...].dropFirst()
            return rest.isEmpty || isPort(rest) ? String(entry[..<close].dropFirst()) : ""
        }
        // More than one colon is an IPv6 address, which has a port only behind brackets.
        guard let colon = entry.firstIndex(of: ":"), entry.lastIndex(of: ":") == colon, isPort(entry[colon...]) else {
            return String(entry)
        }
        return String(entry[..<colon])
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.first == ":" && (2...6).contains(text.utf8.count) && text.utf8.dropFirst().allSatisfy { 0x30...0x39 ~= $0 }
    }

    /// Whether an address is of this machine alone.
    static func isLoopback(_ address: String?) -> Bool {
        guard let address = address.flatMap({ canonical($0) }) else { return false }
        return address == "::1" || address.hasPrefix("127.")
    }

    /// The one spelling of an IP address, IPv4 in IPv6 as IPv4.
    private static func canonical(_ text: String) -> String? {
        guard let address = try? SocketAddress(ipAddress: text, port: 0).ipAddress else { return nil }
        let mapped = "::ffff:"
        return address.hasPrefix(mapped) && address.contains(".") ? String(address.dropFirst(mapped.count)) : address
    }
}

/// A configured proxy that is not an IP address.
package struct ProxyError: Error, CustomStringConvertible {
    let address: String

    package var description: String { "The proxy '\(address)' is not an IP address: name it by address in 'proxies'." }
}
