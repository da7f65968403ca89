import Configuration
import Foundation

/// The three places a value may come from, in their order: flags, then variables, then the file.
struct ConfigurationSources {
    private let reader: ConfigReader
    /// Relative paths resolve against this folder: the file's, or the working directory without a file.
    let baseDirectory: String

    init(
        flags: [ConfigurationKey: [String]], environment: [String: String], file: String?, workingDirectory: String
    ) throws(ConfigurationError) {
        try Self.refuseUnknownVariables(in: environment)
        var fromFile: [ConfigurationKey: [String]] = [:]
        if let file = file ?? environment[Self.fileVariable].flatMap({ $0.isEmpty ? nil : $0 }) {
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

    /// The entries for the key, or its default.
    func entries(_ key: ConfigurationKey) -> [String] {
        let name = ConfigKey(key.components)
        if key.isList { return reader.stringArray(forKey: name) ?? key.defaultValue }
        return reader.string(forKey: name).map { [$0] } ?? key.defaultValue
    }

    /// The single value for the key, or its default.
    func value(_ key: ConfigurationKey) -> String? { entries(key).first }

    private static let fileVariable = "GATEHOUSE_CONFIG"

    private static func provider(_ name: String, _ values: [ConfigurationKey: [String]]) -> InMemoryProvider {
        var stored: [AbsoluteConfigKey: ConfigValue] = [:]
        for (key, entries) in values {
            let content: ConfigContent = key.isList ? .stringArray(entries) : .string(entries.first ?? "")
            stored[AbsoluteConfigKey(key.components)] = ConfigValue(content, isSecret: false)
        }
        return InMemoryProvider(name: name, values: stored)
    }

    /// A misspelt variable would otherwise be ignored in silence, and the default would hold.
    private static func refuseUnknownVariables(in environment: [String: String]) throws(ConfigurationError) {
        let known = ConfigurationKey.allCases.map(\.environmentVariable) + [fileVariable]
        for name in environment.keys.sorted() where name.hasPrefix("GATEHOUSE_") && !known.contains(name) {
            if ServiceVariable.matches(name) { continue }
            throw .unknown(name, in: "The environment", nearest: ConfigurationKey.nearest(to: name, among: known))
        }
    }
}

/// The variables by which Kubernetes tells every container of a pod where services are. Those of a service that is called
/// `gatehouse`, or `gatehouse-…`, begin like ours.
enum ServiceVariable {
    /// Whether a name ends as theirs do: `_SERVICE_HOST`, `_SERVICE_PORT`, `_SERVICE_PORT_HTTPS`, `_PORT`, `_PORT_8080_TCP`,
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

/// A path that no longer depends on the working directory.
struct AbsolutePath: Equatable {
    let string: String

    init(_ path: String, relativeTo base: String) {
        let full = path.hasPrefix("/") ? path : base + "/" + path
        string = URL(filePath: full).standardizedFileURL.path(percentEncoded: false)
    }

    /// The folder that holds it.
    var directory: String {
        URL(filePath: string).deletingLastPathComponent().standardizedFileURL.path(percentEncoded: false)
    }
}
