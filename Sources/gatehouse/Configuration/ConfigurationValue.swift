import AuthorizationServer
import Glibc

/// A duration in the configuration's spelling: `60s`, `10m`, `12h`, `30d`.
struct DurationValue: Equatable {
    let seconds: Int64

    init?(_ text: String) {
        guard let seconds = Lifetime.seconds(text) else { return nil }
        self.seconds = seconds
    }
}

/// A size in bytes in the configuration's spelling: `512`, `16KiB`, `1MiB`.
struct SizeValue: Equatable {
    let bytes: Int

    init?(_ text: String) {
        let units: [(suffix: String, factor: Int64)] = [("KiB", 1024), ("MiB", 1024 * 1024), ("B", 1), ("", 1)]
        guard let unit = units.first(where: { text.hasSuffix($0.suffix) }) else { return nil }
        guard let count = WholeNumber.parse(text.dropLast(unit.suffix.count)) else { return nil }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: unit.factor)
        guard !overflow else { return nil }
        self.bytes = Int(bytes)
    }
}

/// The address of a listener: an IP address or a host name, and a port.
struct ListenAddress: Equatable, CustomStringConvertible {
    let host: String
    let port: Int

    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard let port = WholeNumber.parse(text[text.index(after: colon)...]), port <= 65_535 else { return nil }
        guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") }) else {
            return nil
        }
        self.host = String(host)
        self.port = Int(port)
    }

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// A host with its port, such as a metadata document's host on a private network.
struct HostAndPort: Equatable, CustomStringConvertible {
    let host: String
    let port: Int

    init?(_ text: String) {
        guard let address = ListenAddress(text), address.port > 0 else { return nil }
        host = address.host.lowercased()
        port = address.port
    }

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// An IP address in its canonical spelling, so that addresses compare as text.
struct CanonicalAddress: Equatable {
    let string: String

    init?(_ text: String) {
        for family in [AF_INET, AF_INET6] {
            var bytes = [UInt8](repeating: 0, count: 16)
            guard inet_pton(family, text, &bytes) == 1 else { continue }
            var out = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
            guard inet_ntop(family, bytes, &out, socklen_t(out.count)) != nil else { return nil }
            string = String(decoding: out.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            return
        }
        return nil
    }
}

/// A number of ASCII digits: no sign, no space, no overflow.
enum WholeNumber {
    static func parse(_ text: some StringProtocol) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int64(text)
    }
}
