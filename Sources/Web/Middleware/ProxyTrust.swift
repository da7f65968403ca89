import HTTPTypes
package import Hummingbird
import NIOCore

/// Finds the client's address of a request, and trusts `X-Forwarded-For` only from configured proxies.
///
/// Gatehouse takes only the address from this header. Host and scheme come from the configured issuer.
package struct ProxyTrust: Sendable {
    private let proxies: Set<String>

    /// Trusts no proxy.
    package static let nobody = ProxyTrust()

    private init() { proxies = [] }

    /// Trusts the proxies at these IP addresses; throws if a text is not an IP address.
    package init(proxies: [String]) throws(ProxyError) {
        var canonical: Set<String> = []
        for proxy in proxies {
            guard let address = Self.canonical(proxy) else { throw ProxyError(address: proxy) }
            canonical.insert(address)
        }
        self.proxies = canonical
    }

    /// The nearest address that is not a trusted proxy; nil on a Unix socket, whose peer has no address.
    package func clientAddress(of request: Request, context: WebContext) -> String? {
        clientAddress(peer: context.peerAddress?.ipAddress, forwarded: request.headers[values: FieldNames.forwardedFor])
    }

    func clientAddress(peer: String?, forwarded: [String]) -> String? {
        guard let peer = peer.map({ Self.canonical($0) ?? $0 }) else { return nil }
        guard proxies.contains(peer) else { return peer }
        // Each proxy appends the address of its peer, so the list is read from its end up to the first address that is not
        // trusted. Everything before that address comes from the client, which can invent it.
        let hops = forwarded.flatMap { $0.split(separator: ",") }.suffix(32)
        for hop in hops.reversed() {
            guard let address = Self.canonical(Self.address(in: hop)) else { return peer }
            guard proxies.contains(address) else { return address }
        }
        return peer
    }

    /// Whether the peer of a connection is a trusted proxy.
    func trusts(_ peer: String?) -> Bool { peer.map { proxies.contains(Self.canonical($0) ?? $0) } ?? false }

    /// The verdict on how a request arrived.
    package func verdict(on observation: ProxyWitness.Observation) -> ProxyVerdict {
        let peer = observation.peer ?? "a Unix socket"
        let caller = clientAddress(peer: observation.peer, forwarded: observation.forwarded)
        switch (trusts(observation.peer), observation.forwarded.isEmpty) {
        case (true, true): return .silent(proxy: peer)
        case (true, false): return .trusted(proxy: peer, caller: caller ?? peer)
        case (false, false): return .stranger(peer)
        case (false, true): return .direct(peer)
        }
    }

    /// The address in one entry of the list, without the brackets and the port that some proxies add.
    private static func address(in hop: Substring) -> String {
        let text = hop.drop { $0.isWhitespace }
        let end = text.firstIndex(where: \.isWhitespace) ?? text.endIndex
        guard text[end...].allSatisfy(\.isWhitespace) else { return "" }
        let entry = text[..<end]
        if entry.first == "[", let close = entry.firstIndex(of: "]") {
            let rest = entry[close...].dropFirst()
            return rest.isEmpty || isPort(rest) ? String(entry[..<close].dropFirst()) : ""
        }
        // More than one colon means an IPv6 address, which has a port only after brackets.
        guard let colon = entry.firstIndex(of: ":"), entry.lastIndex(of: ":") == colon, isPort(entry[colon...]) else {
            return String(entry)
        }
        return String(entry[..<colon])
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.first == ":" && (2...6).contains(text.utf8.count) && text.utf8.dropFirst().allSatisfy { 0x30...0x39 ~= $0 }
    }

    /// Whether an address is a loopback address.
    static func isLoopback(_ address: String?) -> Bool {
        guard let address = address.flatMap({ canonical($0) }) else { return false }
        return address == "::1" || address.hasPrefix("127.")
    }

    /// The canonical spelling of an IP address; an IPv4-mapped IPv6 address becomes the IPv4 address.
    private static func canonical(_ text: String) -> String? {
        guard let address = try? SocketAddress(ipAddress: text, port: 0).ipAddress else { return nil }
        let mapped = "::ffff:"
        return address.hasPrefix(mapped) && address.contains(".") ? String(address.dropFirst(mapped.count)) : address
    }
}

/// The error for a configured proxy that is not an IP address.
package struct ProxyError: Error, CustomStringConvertible {
    let address: String

    package var description: String { "The proxy '\(address)' is not an IP address: use IP addresses in 'proxies'." }
}
