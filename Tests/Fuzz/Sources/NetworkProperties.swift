import Foundation
import Outbound
import Web

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A stranger's URL that will be dialled is read alike by another parser and spells no address in any notation.
let remoteURL: Property = { bytes in
    guard let text = text(bytes) else { return }
    if let url = try? RemoteURL(stranger: text) {
        let other = agreed(text)
        demand(other.scheme == "https" && other.user == nil && other.fragment == nil, text)
        demand(other.host?.lowercased() == url.host && (other.port ?? 443) == url.port, text)
        var address = in_addr()
        demand(inet_aton(url.host, &address) == 0, "\(text) spells an address")
        let target = other.percentEncodedPath + (other.percentEncodedQuery.map { "?\($0)" } ?? "")
        demand(target == url.target, "\(text) asks for \(url.target)")
    }
    guard let url = try? RemoteURL(operator: text) else { return }
    let other = agreed(text)
    demand(other.host.map(bare)?.lowercased() == url.host && other.user == nil && other.fragment == nil, text)
    demand((other.port ?? (url.isSecure ? 443 : 80)) == url.port, text)
}

/// An address that a stranger's name may lead to is in none of the blocks of IANA's registries that are not global, and
/// carries none within it.
let address: Property = { bytes in
    for address in [bytes, text(bytes).flatMap(parsed) ?? []] {
        if AddressPolicy.isLoopback(address) { demand(!AddressPolicy.isGlobal(address), "loopback \(address)") }
        guard AddressPolicy.isGlobal(address) else { continue }
        demand(AddressPolicy.isOperable(address), "for strangers only: \(address)")
        let block = closedBlocks.first { isInside(address, $0.prefix, $0.length) }
        demand(block == nil, "\(address) is in \(block?.text ?? "")")
    }
}

private struct Block: Sendable {
    let text: String
    let prefix: [UInt8]
    let length: Int

    init(_ text: String) {
        let halves = text.split(separator: "/")
        self.text = text
        prefix = parsed(String(halves[0])) ?? []
        length = Int(halves[1]) ?? 0
    }
}

private let closedBlocks = [
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32", "::/3", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/23",
    "2001:db8::/32", "2002::/16", "3fff::/20", "4000::/2", "8000::/1",
].map(Block.init)

/// IPv4 or IPv6 as the system's own function reads it.
private func parsed(_ text: String) -> [UInt8]? {
    var four = [UInt8](repeating: 0, count: 4)
    if inet_pton(AF_INET, text, &four) == 1 { return four }
    var sixteen = [UInt8](repeating: 0, count: 16)
    return inet_pton(AF_INET6, text, &sixteen) == 1 ? sixteen : nil
}

private func isInside(_ address: [UInt8], _ prefix: [UInt8], _ length: Int) -> Bool {
    guard address.count == prefix.count else { return false }
    return (0..<length).allSatisfy { bit in
        let difference = address[bit / 8] ^ prefix[bit / 8]
        return difference & (0x80 >> UInt8(bit % 8)) == 0
    }
}

/// A cookie is found where a reader of bytes finds it.
let cookies: Property = { bytes in
    let fields = lines(bytes).compactMap(text)
    for isHTTPS in [true, false] {
        let rules = CookieRules(isHTTPS: isHTTPS, port: isHTTPS ? 443 : 8080)
        let name = Array(rules.name("Kit").utf8)
        let all = Array(fields.joined(separator: ";").utf8)
        let values = all.split(separator: UInt8(ascii: ";")).compactMap { pair -> ArraySlice<UInt8>? in
            let pair = pair.drop { $0 == 0x20 || $0 == 0x09 }
            guard pair.starts(with: name), pair.dropFirst(name.count).first == UInt8(ascii: "=") else { return nil }
            return pair.dropFirst(name.count + 1)
        }
        let found = rules.value(of: "Kit", in: fields)
        guard let found else { continue }
        demand(values.count == 1 && values[0].elementsEqual(found.utf8), "\(found) of \(fields)")
    }
}

/// Only the issuer's own host, in any case, with or without the port that its scheme implies.
let host: Property = { bytes in
    guard let text = text(bytes) else { return }
    let names = HostNames(host: "kiosk.example", port: 443, isHTTPS: true)
    guard names.contains(text) else { return }
    let plain = bytes.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    demand(["kiosk.example", "kiosk.example:443"].contains { plain.elementsEqual($0.utf8) }, text)
}
