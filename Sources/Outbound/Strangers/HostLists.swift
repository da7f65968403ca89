/// A host with its port, an entry of `private_hosts`.
package struct HostPort: Hashable, Sendable, CustomStringConvertible {
    /// The host in lower case.
    package let host: String
    /// The port.
    package let port: Int

    /// Makes an entry from a valid host and port.
    package init(host: String, port: Int) {
        self.host = host.lowercased()
        self.port = port
    }

    /// Parses `host:port`; the port is mandatory.
    package init(_ text: String) throws(HostListError) {
        guard let colon = text.lastIndex(of: ":") else { throw HostListError(entry: text, expected: "host:port") }
        let host = text[..<colon].lowercased()
        do {
            try HostSyntax.checkName(host)
            self.init(host: host, port: try HostSyntax.port(Array(text[text.index(after: colon)...].utf8)[...]))
        } catch {
            throw HostListError(entry: text, expected: "host:port")
        }
    }

    package var description: String { "\(host):\(port)" }
}

/// An entry of an allow or block list: `*`, `example.com`, or `*.example.com` for all its subdomains.
package struct HostPattern: Hashable, Sendable, CustomStringConvertible {
    private let spelling: String

    /// Parses one entry of a list.
    package init(_ text: String) throws(HostListError) {
        spelling = text.lowercased()
        if spelling == "*" { return }
        do {
            try HostSyntax.checkName(spelling.hasPrefix("*.") ? String(spelling.dropFirst(2)) : spelling)
        } catch {
            throw HostListError(entry: text, expected: "*, example.com or *.example.com")
        }
    }

    /// The entry in lower case.
    package var description: String { spelling }

    /// Whether the pattern matches a host; `*.example.com` does not match `example.com` itself.
    package func matches(_ host: String) -> Bool {
        if spelling == "*" { return true }
        let host = host.lowercased()
        return spelling.hasPrefix("*.") ? host.hasSuffix(spelling.dropFirst()) : host == spelling
    }
}

/// A malformed entry of a host list.
package struct HostListError: Error, Hashable, CustomStringConvertible {
    /// The entry as written.
    package let entry: String
    /// The expected form of an entry.
    package let expected: String

    package var description: String { "\"\(entry)\" is not a host entry; write \(expected)" }
}

/// An operator's rule for a host, from `gatehouse clients allow|block`.
package enum HostRule: Sendable {
    case allow
    case block
}
