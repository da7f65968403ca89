import Foundation

/// The variables with which an MCP server finds a server for trying things, in a file that only its owner may read.
struct DevEnvironment: Equatable {
    var issuer: String
    var resource: String?
    var clientID: String?
    var clientSecret: String?

    private static let names = (
        issuer: "GATEHOUSE_ISSUER", resource: "GATEHOUSE_RESOURCE", clientID: "GATEHOUSE_CLIENT_ID",
        clientSecret: "GATEHOUSE_CLIENT_SECRET"
    )

    init(issuer: String) {
        self.issuer = issuer
    }

    /// Reads a file that `write` wrote; nil if there is none.
    init?(file path: String) {
        guard let bytes = FileManager.default.contents(atPath: path) else { return nil }
        var values: [String: String] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2 { values[parts[0]] = Self.unquoted(parts[1]) }
        }
        issuer = values[Self.names.issuer] ?? ""
        resource = values[Self.names.resource]
        clientID = values[Self.names.clientID]
        clientSecret = values[Self.names.clientSecret]
    }

    /// Replaces the file.
    func write(to path: String) throws {
        let pairs = [
            (Self.names.issuer, issuer), (Self.names.resource, resource), (Self.names.clientID, clientID),
            (Self.names.clientSecret, clientSecret),
        ]
        let lines = pairs.compactMap { name, value in value.map { "\(name)=\(ShellWord.quoted($0))" } }
        let text =
            "# Written by 'gatehouse dev'. Load it with: set -a; . FILE; set +a\n" + lines.joined(separator: "\n")
        try PrivateFile.write(Array((text + "\n").utf8), to: path)
    }

    private static func unquoted(_ text: String) -> String {
        guard text.count > 1, text.first == "'", text.last == "'" else { return text }
        return String(text.dropFirst().dropLast()).replacing(#"'\''"#, with: "'")
    }
}
