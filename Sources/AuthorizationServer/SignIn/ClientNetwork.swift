import Foundation

/// The network that a request comes from: the range that one subscriber holds, an IPv4 address or an IPv6 /64.
package struct ClientNetwork: Hashable, Sendable, CustomStringConvertible {
    /// The network as the log shows it.
    package let description: String

    /// The network of an address; nil for a request without one.
    package init?(address: String?) {
        guard let address, !address.isEmpty else { return nil }
        // The zone of a link-local address names an interface of this machine, not the sender.
        let plain = String(address.prefix { $0 != "%" })
        guard let bytes = Self.bytes(plain) else {
            description = plain
            return
        }
        if bytes.starts(with: Self.mapped) {
            description = bytes.dropFirst(12).map(String.init).joined(separator: ".")
        } else {
            description =
                stride(from: 0, to: 8, by: 2).map { String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16) }
                .joined(separator: ":") + "::/64"
        }
    }

    /// The network of an address for limits of requests without an account: an IPv4 /24 or an IPv6 /64, which one sender can
    /// hold whole. Nil for a request without an address.
    package static func subnet(of address: String?) -> ClientNetwork? {
        guard let network = ClientNetwork(address: address) else { return nil }
        let parts = network.description.split(separator: ".")
        guard parts.count == 4, parts.allSatisfy({ UInt8($0) != nil }) else { return network }
        return ClientNetwork(description: parts.prefix(3).joined(separator: ".") + ".0/24")
    }

    /// The site of an address: an IPv4 /24 or an IPv6 /48, the most that one subscriber usually holds. Nil for a request without
    /// an address.
    package static func site(of address: String?) -> ClientNetwork? {
        guard let network = subnet(of: address) else { return nil }
        let groups = network.description.split(separator: ":")
        guard network.description.hasSuffix("::/64"), groups.count > 3 else { return network }
        return ClientNetwork(description: groups.prefix(3).joined(separator: ":") + "::/48")
    }

    private init(description: String) {
        self.description = description
    }

    private static let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

    /// The 16 bytes of an address, an IPv4 address in its mapped form.
    private static func bytes(_ text: String) -> [UInt8]? {
        var v4 = in_addr()
        if inet_pton(AF_INET, text, &v4) == 1 { return mapped + withUnsafeBytes(of: v4) { Array($0) } }
        var v6 = in6_addr()
        guard inet_pton(AF_INET6, text, &v6) == 1 else { return nil }
        return withUnsafeBytes(of: v6) { Array($0) }
    }
}
