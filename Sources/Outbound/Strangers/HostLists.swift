/// One host with its port, as `private_hosts` lists them.
package struct HostPort: Hashable, Sendable, CustomStringConvertible {
    /// The host in lower case.
    package let host: String
    /// The port.
    package let port: Int

    /// Puts a known host and a known port together.
    package init(host: String, port: Int) {
        self.host = host.lowercased()
        self.port = port
    }

    /// Parses `host:port`; the port has to be written.
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

/// A host in an allow or block list: `*`, `example.com`, or `*.example.com` for everything below it.
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

    /// Whether the pattern covers a host; `*.example.com` does not cover `example.com` itself.
    package func matches(_ host: String) -> Bool {
        if spelling == "*" { return true }
        let host = host.lowercased()
        return spelling.hasPrefix("*.") ? host.hasSuffix(spelling.dropFirst()) : host == spelling
    }
}

/// An entry of a host list that cannot be understood.
package struct HostListError: Error, Hashable, CustomStringConvertible {
    /// The entry as written.
    package let entry: String
    /// What an entry looks like.
    package let expected: String

    package var description: String { "\"\(entry)\" is not a host entry; write \(expected)" }
}

/// An operator's own word on a host, from `gatehouse clients allow|block`.
package enum HostRule: Sendable {
    case allow
    case block
}
