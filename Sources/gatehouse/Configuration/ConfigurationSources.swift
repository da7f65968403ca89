import Configuration
import Foundation
import Glibc

/// The sources of values by precedence: flags, environment variables, the file.
struct ConfigurationSources {
    private let reader: ConfigReader
    /// The folder against which relative paths resolve: that of the file, or the working directory without a file.
    let baseDirectory: String

    /// `installed` is the file of an installed server, which applies if it exists and no other file is named.
    init(
        flags: [ConfigurationKey: [String]], environment: [String: String], file: String?, workingDirectory: String,
        installed: String = installedFile
    ) throws(ConfigurationError) {
        try Self.refuseUnknownVariables(in: environment)
        var fromFile: [ConfigurationKey: [String]] = [:]
        let named = file ?? environment[Self.fileVariable].flatMap { $0.isEmpty ? nil : $0 }
        if let file = named ?? (Self.isPresent(installed) ? installed : nil) {
            let path = AbsolutePath(file, relativeTo: workingDirectory)
            fromFile = try ConfigurationFile(contentsOf: path.string).values
            baseDirectory = path.directory
        } else {
            baseDirectory = workingDirectory
        }
        let set = environment.filter { !$0.value.isEmpty }
        reader = ConfigReader(providers: [
            Self.provider("flags", flags),
            EnvironmentVariablesProvider(environmentVariables: set).prefixKeys(with: "gatehouse"),
            Self.provider("file", fromFile),
        ])
    }

    /// The entries of the key, or its default.
    func entries(_ key: ConfigurationKey) -> [String] {
        let name = ConfigKey(key.components)
        if key.isList { return reader.stringArray(forKey: name) ?? key.defaultValue }
        return reader.string(forKey: name).map { [$0] } ?? key.defaultValue
    }

    /// The single value of the key, or its default.
    func value(_ key: ConfigurationKey) -> String? { entries(key).first }

    /// The file of an installed server.
    static let installedFile = "/etc/gatehouse/gatehouse.yaml"

    private static let fileVariable = "GATEHOUSE_CONFIG"

    /// Whether a file may be there. One that this user may not look for counts: to go on without it would be to work on other data.
    private static func isPresent(_ path: String) -> Bool {
        access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR)
    }

    private static func provider(_ name: String, _ values: [ConfigurationKey: [String]]) -> InMemoryProvider {
        var stored: [AbsoluteConfigKey: ConfigValue] = [:]
        for (key, entries) in values {
            let content: ConfigContent = key.isList ? .stringArray(entries) : .string(entries.first ?? "")
            stored[AbsoluteConfigKey(key.components)] = ConfigValue(content, isSecret: false)
        }
        return InMemoryProvider(name: name, values: stored)
    }

    /// Refuses a misspelt variable, which would otherwise be ignored in favour of the default.
    private static func refuseUnknownVariables(in environment: [String: String]) throws(ConfigurationError) {
        let known = ConfigurationKey.all.map(\.environmentVariable) + [fileVariable]
        for name in environment.keys.sorted() where name.hasPrefix("GATEHOUSE_") && !known.contains(name) {
            if ServiceVariable.matches(name) || LibraryVariable(rawValue: name) != nil { continue }
            throw .unknown(name, in: "the environment", nearest: ConfigurationKey.nearest(to: name, among: known))
        }
    }
}

/// The variables with which an MCP server finds Gatehouse, beside `GATEHOUSE_ISSUER`. A shell in which somebody tries both programs has
/// them too.
enum LibraryVariable: String, CaseIterable {
    case resource = "GATEHOUSE_RESOURCE"
    case clientID = "GATEHOUSE_CLIENT_ID"
    case clientSecret = "GATEHOUSE_CLIENT_SECRET"
    case keyFile = "GATEHOUSE_KEY_FILE"
    case verify = "GATEHOUSE_VERIFY"
}

/// The variables in which Kubernetes gives every container the addresses of services. Those of a service named `gatehouse` or
/// `gatehouse-…` begin like Gatehouse's own.
enum ServiceVariable {
    /// Whether a name has one of their endings: `_SERVICE_HOST`, `_SERVICE_PORT`, `_SERVICE_PORT_HTTPS`, `_PORT`, `_PORT_8080_TCP`,
    /// `_PORT_8080_TCP_ADDR`.
    static func matches(_ name: String) -> Bool {
        var words = name.split(separator: "_", omittingEmptySubsequences: false)
        if name.hasSuffix("_SERVICE_HOST") || name.hasSuffix("_PORT") || name.contains("_SERVICE_PORT_") { return true }
        if ["PROTO", "PORT", "ADDR"].contains(words.last) { words.removeLast() }
        guard let transport = words.popLast(), ["TCP", "UDP", "SCTP"].contains(transport), let port = words.popLast()
        else {
            return false
        }
        return words.last == "PORT" && UInt16(port) != nil
    }
}

/// An absolute path, standardised.
struct AbsolutePath: Equatable {
    let string: String

    init(_ path: String, relativeTo base: String) {
        let full = path.hasPrefix("/") ? path : base + "/" + path
        string = URL(filePath: full).standardizedFileURL.path(percentEncoded: false)
    }

    /// The folder of the path.
    var directory: String {
        URL(filePath: string).deletingLastPathComponent().standardizedFileURL.path(percentEncoded: false)
    }
}
