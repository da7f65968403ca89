import NIOCore

/// An absolute URL, parsed strictly byte by byte, so that the checked host is the dialled host.
///
/// URLs are compared as spelled: with and without `:443` are two URLs.
///
/// Spec: RFC 3986 §3
package struct RemoteURL: Hashable, Sendable, CustomStringConvertible {
    /// The URL as it was spelled.
    package let string: String
    /// Whether the scheme is https.
    package let isSecure: Bool
    /// The host in lower case; an IPv6 literal stands without its brackets.
    package let host: String
    /// Whether the host is an IP literal; only operators' URLs may have one.
    package let isLiteral: Bool
    /// The port, explicit or the scheme's default.
    package let port: Int
    /// The request target: path and query.
    package let target: String

    private let writtenPort: Bool

    /// Parses a stranger's URL: https, a name of at least two labels, no literal, user, fragment or dot segment.
    ///
    /// A single-label name is accepted only if `privateHosts` contains it with this port.
    package init(stranger text: String, privateHosts: Set<HostPort> = []) throws(RemoteURLError) {
        try self.init(text, schemes: ["https://"], demandsPath: true) { host throws(RemoteURLError) in
            try HostSyntax.checkName(host)
            return false
        }
        let entry = HostPort(host: host, port: port)
        guard host.contains(".") || privateHosts.contains(entry) else { throw .host }
    }

    /// Parses an operator's URL: https, or http to loopback only; private names and IP literals are permitted.
    package init(operator text: String) throws(RemoteURLError) {
        try self.init(text, schemes: ["https://", "http://"], demandsPath: false) { host throws(RemoteURLError) in
            try HostSyntax.checkNameOrLiteral(host)
        }
        guard isSecure || isLoopback else { throw .plainHTTP }
    }

    /// Scheme, host and port, within which connections are reused.
    package var origin: String { "\(isSecure ? "https" : "http")://\(hostAndPort(always: true))" }

    /// The value of the Host field.
    package var hostField: String { hostAndPort(always: false) }

    /// Host and port, the key of `private_hosts`.
    package var hostPort: HostPort { HostPort(host: host, port: port) }

    package var description: String { string }

    /// The address of the host if it is an IP literal.
    var literal: SocketAddress? {
        isLiteral ? HostSyntax.literal(host, port: port) : nil
    }

    /// Whether the host is a loopback address, or a name that is reserved for one.
    ///
    /// Spec: RFC 6761 §6.3
    package var isLoopback: Bool {
        guard isLiteral else { return host == "localhost" || host.hasSuffix(".localhost") }
        return literal.map(AddressPolicy.isLoopback) ?? false
    }

    private func hostAndPort(always: Bool) -> String {
        let spelled = host.contains(":") ? "[\(host)]" : host
        return always || writtenPort ? "\(spelled):\(port)" : spelled
    }

    private init(
        _ text: String, schemes: [String], demandsPath: Bool,
        host check: (_ host: String) throws(RemoteURLError) -> Bool
    ) throws(RemoteURLError) {
        // Visible ASCII only: anything else is what two parsers read differently.
        let bytes = Array(text.utf8)
        guard bytes.count <= 2048 else { throw .length }
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { throw .character }
        guard let scheme = schemes.first(where: { text.hasPrefix($0) }) else { throw .scheme }
        let rest = bytes.dropFirst(scheme.utf8.count)
        let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
        let authority = Array(rest[..<(end ?? rest.endIndex)])
        let target = Array(rest[(end ?? rest.endIndex)...])

        isSecure = scheme == "https://"
        let split = try Self.split(authority)
        writtenPort = split.port != nil
        port = split.port ?? (isSecure ? 443 : 80)
        host = String(decoding: split.host, as: UTF8.self).lowercased()
        isLiteral = try check(host)
        // A host with a colon is an IPv6 literal and needs brackets; any other host must not have them.
        guard isLiteral == split.bracketed || !split.bracketed, split.bracketed == host.contains(":") else {
            throw .host
        }
        self.target = try Self.target(target, demandsPath: demandsPath)
        string = text
    }

    private static func split(
        _ authority: [UInt8]
    ) throws(RemoteURLError) -> (host: [UInt8], bracketed: Bool, port: Int?) {
        guard !authority.contains(UInt8(ascii: "@")) else { throw .user }
        let bracketed = authority.first == UInt8(ascii: "[")
        var host = authority[...]
        var port: Int?
        if let colon = authority.lastIndex(of: UInt8(ascii: ":")),
            !bracketed || authority[..<colon].last == UInt8(ascii: "]")
        {
            host = authority[..<colon]
            port = try HostSyntax.port(authority[(colon + 1)...])
        }
        if bracketed {
            guard host.last == UInt8(ascii: "]") else { throw .host }
            host = host.dropFirst().dropLast()
        }
        return (Array(host), bracketed, port)
    }

    private static func target(_ bytes: [UInt8], demandsPath: Bool) throws(RemoteURLError) -> String {
        guard !bytes.contains(UInt8(ascii: "#")) else { throw .fragment }
        let query = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
        let path = bytes[..<query]
        guard !path.isEmpty || !demandsPath else { throw .path }
        try PathSyntax.check(path: path, query: bytes[query...])
        let text = String(decoding: bytes, as: UTF8.self)
        return path.isEmpty ? "/" + text : text
    }
}

/// Why a URL is refused.
package enum RemoteURLError: String, Error, CustomStringConvertible {
    case length = "it is longer than 2048 characters"
    case character = "it contains a character that is not permitted in a URL"
    case scheme = "it does not begin with https://"
    case plainHTTP = "plain http is permitted for loopback only; use https"
    case user = "it contains user information"
    case host = "its host is not a full domain name"
    case port = "its port is not a number from 1 to 65535"
    case path = "it has no path"
    case dotSegment = "its path has a dot segment"
    case fragment = "it has a fragment"
    case notListed = "its port is not 443 and clients.metadata_documents.private_hosts does not list it"

    package var description: String { rawValue }
}
