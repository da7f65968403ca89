import Foundation

/// Which module may import which: the table of the architecture page, read from the sources because SwiftPM does not stop
/// an undeclared transitive import.
enum ImportRule {
    private static let everywhere: Set<String> = [
        "Foundation", "Glibc", "Darwin", "Synchronization", "Dispatch", "CDispatch",
    ]
    private static let nio: Set<String> = [
        "NIOCore", "NIOPosix", "NIOHTTP1", "NIOConcurrencyHelpers", "NIOFoundationCompat", "NIOSSL",
    ]
    private static let carriedAlong: Set<String> = nio.union(["Logging", "HTTPTypes"])
    private static let hummingbird: Set<String> = carriedAlong.union([
        "Hummingbird", "HummingbirdCore", "HummingbirdRouter", "HummingbirdTLS", "NIOHTTPTypes", "NIOHTTPTypesHTTP1",
    ])

    /// Target by target, what it may import besides the system.
    static let table: [String: Set<String>] = [
        "COpenSSL": [],
        "CEmbedded": [],
        "JOSE": ["COpenSSL"],
        "OAuth": ["JOSE"],
        "Storage": ["JOSE", "OAuth", "GRDB", "GRDBSQLite"],
        "Outbound": carriedAlong,
        "AuthorizationServer": [
            "JOSE", "OAuth", "Storage", "Outbound", "Logging", "Metrics", "ServiceLifecycle",
        ],
        "Web": hummingbird.union([
            "CEmbedded", "JOSE", "OAuth", "AuthorizationServer", "Mustache", "ServiceLifecycle",
        ]),
        "MCPClient": nio.union(["JOSE", "OAuth", "Outbound"]),
        "gatehouse": [
            "CEmbedded", "JOSE", "OAuth", "Storage", "Outbound", "AuthorizationServer", "Web", "MCPClient",
            "ArgumentParser", "Configuration", "Yams", "ServiceLifecycle", "UnixSignals", "Logging", "Metrics",
            "CoreMetrics",
        ],
        "ResourceServer": ["JOSE", "OAuth", "Outbound"],
        "example-mcp-server": hummingbird.union(["JOSE", "OAuth", "Outbound", "ResourceServer", "ServiceLifecycle"]),
        "demo": hummingbird.union(["JOSE", "OAuth", "Outbound", "MCPClient", "ServiceLifecycle"]),
    ]

    /// One sentence for each import in the file that the table does not allow.
    static func violations(in file: RepositoryFile) -> [String] {
        let parts = file.path.split(separator: "/")
        guard parts.count > 2, parts[0] == "Sources" else { return [] }
        let target = String(parts[1])
        guard let allowed = table[target] else {
            return ["\(file.path): the table has no row for the target \(target)"]
        }
        return imports(in: file.text).filter { !allowed.contains($0) && !everywhere.contains($0) }
            .map { "\(file.path): \(target) may not import \($0)" }
    }

    /// The modules that a text imports, with whatever attributes and access levels stand in front.
    static func imports(in text: String) -> [String] {
        SwiftText(text).code.split(separator: "\n").compactMap { line in
            var words = line.split(whereSeparator: { $0 == " " || $0 == ";" }).map(String.init)
            let leading = ["public", "package", "internal", "fileprivate", "private"]
            while let word = words.first, word.hasPrefix("@") || leading.contains(word) { words.removeFirst() }
            guard words.first == "import", words.count > 1 else { return nil }
            let kinds = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
            let module = kinds.contains(words[1]) && words.count > 2 ? words[2] : words[1]
            return module.split(separator: ".").first.map(String.init)
        }
    }
}
