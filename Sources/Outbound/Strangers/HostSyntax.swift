import NIOCore

/// The syntax of hosts in URLs that are dialled, stricter than RFC 3986.
enum HostSyntax {
    /// Spec: RFC 1123 §2.1
    static func checkName(_ host: String) throws(RemoteURLError) {
        let bytes = Array(host.utf8)
        guard (1...253).contains(bytes.count) else { throw .host }
        let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.allSatisfy(isLabel) else { throw .host }
        // Resolvers take a last label that begins with a digit for an IPv4 address in an unusual spelling.
        guard let first = labels.last?.first, isLetter(first) else { throw .host }
    }

    /// Returns whether the host is an IP address in canonical spelling; throws if it is neither that nor a name.
    static func checkNameOrLiteral(_ host: String) throws(RemoteURLError) -> Bool {
        if literal(host, port: 0) != nil { return true }
        try checkName(host)
        return false
    }

    /// The address of an IP literal: four decimal numbers, or IPv6 without a zone; nil for a name.
    static func literal(_ host: String, port: Int) -> SocketAddress? {
        guard !host.contains("%"), let address = try? SocketAddress(ipAddress: host, port: port) else { return nil }
        return address
    }

    static func port(_ digits: ArraySlice<UInt8>) throws(RemoteURLError) -> Int {
        guard (1...5).contains(digits.count), digits.first != UInt8(ascii: "0") else { throw .port }
        guard digits.allSatisfy(isDigit) else { throw .port }
        let value = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        guard value <= 65_535 else { throw .port }
        return value
    }

    private static func isLabel(_ label: ArraySlice<UInt8>) -> Bool {
        let hyphen = UInt8(ascii: "-")
        return (1...63).contains(label.count) && label.first != hyphen && label.last != hyphen
            && label.allSatisfy { isLetter($0) || isDigit($0) || $0 == hyphen }
    }

    static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}

/// The syntax of paths and queries in URLs that are dialled.
enum PathSyntax {
    /// Spec: RFC 3986 §3.3
    static func check(path: ArraySlice<UInt8>, query: ArraySlice<UInt8>) throws(RemoteURLError) {
        guard areAllowed(path, besides: "/"), areAllowed(query, besides: "/?") else { throw .character }
        let segments = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard !segments.contains(where: isDotSegment) else { throw .dotSegment }
    }

    private static let unreservedAndDelimiters = Set("-._~!$&'()*+,;=:@".utf8)

    private static func areAllowed(_ bytes: ArraySlice<UInt8>, besides more: String) -> Bool {
        let more = Set(more.utf8)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == UInt8(ascii: "%") {
                guard index + 2 < bytes.endIndex, isHex(bytes[index + 1]), isHex(bytes[index + 2]) else { return false }
                index += 3
                continue
            }
            let plain = HostSyntax.isLetter(byte) || HostSyntax.isDigit(byte)
            guard plain || unreservedAndDelimiters.contains(byte) || more.contains(byte) else { return false }
            index += 1
        }
        return true
    }

    /// Whether a segment is `.` or `..`, also percent-encoded: some servers decode before they normalise.
    private static func isDotSegment(_ segment: ArraySlice<UInt8>) -> Bool {
        guard segment.count <= 6 else { return false }
        let text = String(decoding: segment, as: UTF8.self).lowercased()
        return [".", "..", "%2e", ".%2e", "%2e.", "%2e%2e"].contains(text)
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        HostSyntax.isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
    }
}
