import JOSE
import OAuth
import Outbound

extension ConfigurationKind<Bool> {
    static var flag: Self { either("true", or: "false", accepted: "true or false") }

    /// One of two words; the value is whether it is the first.
    static func either(_ first: String, or second: String) -> Self {
        either(first, or: second, accepted: "one of \(first), \(second)")
    }

    private static func either(_ first: String, or second: String, accepted: String) -> Self {
        Self(one: { text, word throws(ConfigurationError) in
            guard word == first || word == second else { throw text.refused(word, accepted: accepted) }
            return word == first
        })
    }
}

extension ConfigurationKind where Value: RawRepresentable<String> & CaseIterable {
    /// One of the words of an enumeration.
    static func word(_ type: Value.Type) -> Self {
        Self(one: { text, word throws(ConfigurationError) in
            guard let value = Value(rawValue: word) else {
                throw text.refused(
                    word, accepted: "one of " + Value.allCases.map(\.rawValue).joined(separator: ", "))
            }
            return value
        })
    }
}

extension ConfigurationKind<Int> {
    static func count(_ range: ClosedRange<Int64>) -> Self {
        Self(one: { text, digits throws(ConfigurationError) in
            guard let count = WholeNumber.parse(digits), range.contains(count) else {
                throw text.refused(digits, accepted: "a number from \(range.lowerBound) to \(range.upperBound)")
            }
            return Int(count)
        })
    }

    /// A size in bytes.
    static func size(_ range: ClosedRange<Int>, _ accepted: String) -> Self {
        Self(one: { text, size throws(ConfigurationError) in
            guard let value = SizeValue(size), range.contains(value.bytes) else {
                throw text.refused(size, accepted: "a size " + accepted)
            }
            return value.bytes
        })
    }
}

extension ConfigurationKind<Int64> {
    /// A length of time in seconds.
    static func duration(_ range: ClosedRange<Int64>, _ accepted: String) -> Self {
        Self(one: { text, duration throws(ConfigurationError) in
            try text.seconds(duration, range, accepted: "a duration " + accepted)
        })
    }
}

extension ConfigurationKind<Int64?> {
    /// A length of time in seconds, if one is set.
    static func optionalDuration(_ range: ClosedRange<Int64>, _ accepted: String) -> Self {
        Self(optional: { text, duration throws(ConfigurationError) in
            try text.seconds(duration, range, accepted: "a duration " + accepted)
        })
    }
}

extension ConfigurationKind<[Int64]> {
    /// One to eight lengths of time in seconds, the shortest first.
    static func ascendingDurations(_ range: ClosedRange<Int64>, _ accepted: String) -> Self {
        Self(list: { text throws(ConfigurationError) in
            var all: [Int64] = []
            for entry in text.entries { all.append(try text.seconds(entry, range, accepted: accepted)) }
            guard (1...8).contains(all.count), zip(all, all.dropFirst()).allSatisfy({ $0 < $1 }) else {
                throw text.refused(
                    text.entries.joined(separator: ", "), accepted: "one to eight durations, the shortest first")
            }
            return all
        })
    }
}

extension ConfigurationKind<ListenAddress> {
    static var address: Self {
        Self(one: { text, address throws(ConfigurationError) in
            guard let value = ListenAddress(address) else {
                throw text.refused(address, accepted: "host:port, such as 127.0.0.1:8080")
            }
            return value
        })
    }
}

extension ConfigurationKind<[HostAndPort]> {
    static var hostsAndPorts: Self {
        Self(each: { text, entry throws(ConfigurationError) in
            guard let value = HostAndPort(entry) else {
                throw text.refused(entry, accepted: "a list of host:port, such as clients.internal:8443")
            }
            return value
        })
    }
}

extension ConfigurationKind<ResourceIdentifier?> {
    static var resource: Self {
        Self(optional: { text, identifier throws(ConfigurationError) in
            do {
                return try ResourceIdentifier(identifier)
            } catch {
                throw text.refused(
                    identifier,
                    accepted: "the resource identifier of a registered MCP server, such as https://mcp.example/")
            }
        })
    }
}

extension ConfigurationKind<OutboundProxy?> {
    static var proxy: Self {
        Self(optional: { text, proxy throws(ConfigurationError) in
            guard let value = OutboundProxy(proxy) else {
                throw text.refused(
                    proxy, accepted: "http://host:port, without a user or a path, such as http://proxy.example:3128")
            }
            return value
        })
    }
}

extension ConfigurationKind<String?> {
    static var text: Self { Self(optional: { _, single in single }) }

    static var optionalPath: Self { Self(optional: { text, path in text.absolute(path) }) }

    static func line(_ accepted: String) -> Self {
        Self(optional: { text, line throws(ConfigurationError) in
            guard !line.contains(where: \.isNewline) else {
                throw text.refused(line, accepted: "one line, " + accepted)
            }
            return line
        })
    }
}

extension ConfigurationKind<String> {
    static var issuer: Self {
        Self(one: { text, issuer throws(ConfigurationError) in
            do {
                _ = try Issuer(issuer)
                return issuer
            } catch {
                throw text.refused(
                    issuer, accepted: "an https URL, or an http one on loopback, in its canonical spelling")
            }
        })
    }

    /// The path of a Unix socket, whose length the system limits.
    static var socketPath: Self {
        Self(one: { text, path throws(ConfigurationError) in
            let (socket, longest) = (text.absolute(path), 103)
            guard socket.utf8.count <= longest else {
                throw text.refused(socket, accepted: "at most \(longest) bytes long as an absolute path")
            }
            return socket
        })
    }

    /// A folder that Gatehouse makes private to its user. A system folder is refused, because that would break the machine: the
    /// default of `data` is `/var` if the working directory is `/`.
    static var ownFolder: Self {
        Self(one: { text, path throws(ConfigurationError) in
            let (folder, name) = (text.absolute(path), text.key.path)
            guard SystemFolders.contain(folder) else { return folder }
            throw ConfigurationError(
                "'\(name)' is \(folder), a system folder. Set it to a folder of its own, such as "
                    + "/var/lib/gatehouse/\(name).")
        })
    }
}

extension ConfigurationKind<[String]> {
    static var paths: Self { Self(each: { text, path in text.absolute(path) }) }

    /// A program and its arguments. A relative path would mean another program in another folder.
    static var program: Self {
        Self(list: { text throws(ConfigurationError) in
            if let program = text.single, !program.hasPrefix("/") {
                throw text.refused(
                    program,
                    accepted: "a list that begins with the absolute path of a program, such as [/usr/sbin/sendmail, -t]"
                )
            }
            return text.entries
        })
    }

    static var ipAddresses: Self {
        Self(each: { text, entry throws(ConfigurationError) in
            guard let address = CanonicalAddress(entry) else {
                throw text.refused(entry, accepted: "a list of IP addresses, such as 127.0.0.1")
            }
            return address.string
        })
    }

    /// Each a host, a host with all below it (`*.example.com`), or `*` for every host.
    static var hostPatterns: Self {
        Self(each: { text, pattern throws(ConfigurationError) in
            let host = pattern.hasPrefix("*.") ? pattern.dropFirst(2) : pattern[...]
            guard pattern == "*" || isHostName(host) else {
                throw text.refused(
                    pattern, accepted: "a list of host names, of *.host for all below one, or of * for every host")
            }
            return pattern.lowercased()
        })
    }

    /// Hosts as in a Host header, with or without a port.
    static func hosts(withPort: Bool) -> Self {
        Self(each: { text, entry throws(ConfigurationError) in
            let name = withPort ? HostAndPort(entry)?.host ?? entry : entry
            guard isHostName(name[...]) || withPort && CanonicalAddress(name) != nil else {
                let form = withPort ? "of hosts, such as gatehouse.internal:8080" : "of host names, such as gatehouse"
                throw text.refused(entry, accepted: "a list " + form)
            }
            return entry.lowercased()
        })
    }

    private static func isHostName(_ text: Substring) -> Bool {
        guard !text.isEmpty, text.utf8.count <= 253 else { return false }
        return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            !label.isEmpty && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        }
    }
}
