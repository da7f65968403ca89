import JOSE
import Logging
import OAuth

/// Parses the texts of the sources. An error names the key, the value and the accepted values.
struct ConfigurationReader {
    let sources: ConfigurationSources

    func issuer() throws(ConfigurationError) -> String {
        let text = required(.issuer)
        do {
            _ = try Issuer(text)
            return text
        } catch {
            throw .invalid(
                .issuer, text, accepted: "an https URL, or an http one on loopback, in its canonical spelling")
        }
    }

    func resource(_ key: ConfigurationKey) throws(ConfigurationError) -> String? {
        guard let text = sources.value(key) else { return nil }
        do {
            _ = try ResourceIdentifier(text)
            return text
        } catch {
            throw .invalid(
                key, text, accepted: "the resource identifier of a registered MCP server, such as https://mcp.example/")
        }
    }

    func address(_ key: ConfigurationKey) throws(ConfigurationError) -> ListenAddress {
        let text = required(key)
        guard let address = ListenAddress(text) else {
            throw .invalid(key, text, accepted: "host:port, such as 127.0.0.1:8080")
        }
        return address
    }

    func duration(
        _ key: ConfigurationKey, _ range: ClosedRange<Int64>, _ accepted: String
    ) throws(ConfigurationError) -> Int64 {
        try duration(required(key), key, range, "a duration " + accepted)
    }

    func durations(
        _ key: ConfigurationKey, _ range: ClosedRange<Int64>, _ accepted: String
    ) throws(ConfigurationError) -> [Int64] {
        var all: [Int64] = []
        for text in sources.entries(key) { all.append(try duration(text, key, range, accepted)) }
        return all
    }

    func size(_ key: ConfigurationKey, _ range: ClosedRange<Int>, _ accepted: String) throws(ConfigurationError) -> Int
    {
        let text = required(key)
        guard let size = SizeValue(text), range.contains(size.bytes) else {
            throw .invalid(key, text, accepted: "a size " + accepted)
        }
        return size.bytes
    }

    func flag(_ key: ConfigurationKey) throws(ConfigurationError) -> Bool {
        let text = required(key)
        switch text {
        case "true": return true
        case "false": return false
        default: throw .invalid(key, text, accepted: "true or false")
        }
    }

    /// One of a few words.
    func choice(_ key: ConfigurationKey, _ words: [String]) throws(ConfigurationError) -> String {
        let text = required(key)
        guard words.contains(text) else {
            throw .invalid(key, text, accepted: "one of " + words.joined(separator: ", "))
        }
        return text
    }

    func registration() throws(ConfigurationError) -> RegistrationMode {
        let text = required(.registration)
        guard let mode = RegistrationMode(rawValue: text) else {
            throw .invalid(
                .registration, text,
                accepted: "one of " + RegistrationMode.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return mode
    }

    func level(_ key: ConfigurationKey) throws(ConfigurationError) -> Logger.Level {
        let text = required(key)
        guard let level = Logger.Level(rawValue: text) else {
            throw .invalid(
                key, text, accepted: "one of " + Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return level
    }

    /// A host, a host with all below it (`*.example.com`), or `*` for every host.
    func hostPatterns(_ key: ConfigurationKey) throws(ConfigurationError) -> [String] {
        var patterns: [String] = []
        for text in sources.entries(key) {
            let host = text.hasPrefix("*.") ? text.dropFirst(2) : text[...]
            guard text == "*" || Self.isHostName(host) else {
                throw .invalid(
                    key, text, accepted: "a list of host names, of *.host for all below one, or of * for every host")
            }
            patterns.append(text.lowercased())
        }
        return patterns
    }

    func privateHosts() throws(ConfigurationError) -> [HostAndPort] {
        var hosts: [HostAndPort] = []
        for text in sources.entries(.documentsPrivateHosts) {
            guard let host = HostAndPort(text) else {
                throw .invalid(
                    .documentsPrivateHosts, text, accepted: "a list of host:port, such as clients.internal:8443")
            }
            hosts.append(host)
        }
        return hosts
    }

    /// Hosts as in a Host header, with or without a port.
    func hosts(_ key: ConfigurationKey, withPort: Bool) throws(ConfigurationError) -> [String] {
        var hosts: [String] = []
        for text in sources.entries(key) {
            let name = withPort ? HostAndPort(text)?.host ?? text : text
            guard Self.isHostName(name[...]) || withPort && CanonicalAddress(name) != nil else {
                let form = withPort ? "of hosts, such as gatehouse.internal:8080" : "of host names, such as gatehouse"
                throw .invalid(key, text, accepted: "a list " + form)
            }
            hosts.append(text.lowercased())
        }
        return hosts
    }

    func count(_ key: ConfigurationKey, _ range: ClosedRange<Int64>) throws(ConfigurationError) -> Int {
        let text = required(key)
        guard let count = WholeNumber.parse(text[...]), range.contains(count) else {
            throw .invalid(key, text, accepted: "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return Int(count)
    }

    func proxies() throws(ConfigurationError) -> [String] {
        var addresses: [String] = []
        for text in sources.entries(.proxies) {
            guard let address = CanonicalAddress(text) else {
                throw .invalid(.proxies, text, accepted: "a list of IP addresses, such as 127.0.0.1")
            }
            addresses.append(address.string)
        }
        return addresses
    }

    func path(_ key: ConfigurationKey) -> String? {
        sources.value(key).map { AbsolutePath($0, relativeTo: sources.baseDirectory).string }
    }

    func requiredPath(_ key: ConfigurationKey) -> String {
        AbsolutePath(required(key), relativeTo: sources.baseDirectory).string
    }

    /// A folder that Gatehouse makes private to its user. A system folder is refused, because that would break the machine: the
    /// default of `data` is `/var` if the working directory is `/`.
    func ownFolder(_ key: ConfigurationKey) throws(ConfigurationError) -> String {
        let path = requiredPath(key)
        guard SystemFolders.contain(path) else { return path }
        throw ConfigurationError(
            "'\(key.path)' is \(path), a system folder. Set it to a folder of its own, such as "
                + "/var/lib/gatehouse/\(key.path).")
    }

    func paths(_ key: ConfigurationKey) -> [String] {
        sources.entries(key).map { AbsolutePath($0, relativeTo: sources.baseDirectory).string }
    }

    private func required(_ key: ConfigurationKey) -> String {
        sources.value(key) ?? ""
    }

    private func duration(
        _ text: String, _ key: ConfigurationKey, _ range: ClosedRange<Int64>, _ accepted: String
    ) throws(ConfigurationError) -> Int64 {
        guard let duration = DurationValue(text), range.contains(duration.seconds) else {
            throw .invalid(key, text, accepted: accepted)
        }
        return duration.seconds
    }

    private static func isHostName(_ text: Substring) -> Bool {
        guard !text.isEmpty, text.utf8.count <= 253 else { return false }
        return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            !label.isEmpty && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        }
    }
}
