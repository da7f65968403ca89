import Foundation
import Yams

/// The YAML file, flattened to known keys. An unknown key is found here, because swift-configuration's providers do not list
/// their keys.
struct ConfigurationFile {
    /// The values by key. A key without a value is not set.
    private(set) var values: [ConfigurationKey: [String]] = [:]
    private let name: String

    init(contentsOf path: String) throws(ConfigurationError) {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw ConfigurationError(
                "Cannot read the configuration file \(path). Check that it exists and is readable.")
        }
        guard let text = String(bytes: bytes, encoding: .utf8) else {
            throw ConfigurationError("The configuration file \(path) is not UTF-8 text.")
        }
        try self.init(text: text, name: path)
    }

    init(text: String, name: String) throws(ConfigurationError) {
        self.name = name
        let root: Node?
        do {
            root = try Parser(yaml: text).singleRoot()
        } catch {
            throw ConfigurationError("The configuration file \(name) is not YAML: \(Self.cause(error)).")
        }
        guard let root, root.null == nil else { return }
        guard let mapping = root.mapping else {
            throw ConfigurationError(
                "The configuration file \(name) must contain keys with values, such as 'issuer: …'.")
        }
        try read(mapping, under: [])
    }

    private mutating func read(_ mapping: Node.Mapping, under parents: [String]) throws(ConfigurationError) {
        for (keyNode, value) in mapping {
            let path = (parents + [keyNode.string ?? "?"])
            let dotted = path.joined(separator: ".")
            if let key = ConfigurationKey.named(dotted) {
                values[key] = try entries(of: value, for: key)
            } else if Self.isGroup(path) {
                guard value.null == nil else { continue }
                guard let inner = value.mapping else {
                    throw ConfigurationError("'\(dotted)' in \(name) must contain keys of its own, not a single value.")
                }
                try read(inner, under: path)
            } else {
                let known = ConfigurationKey.all.map(\.path)
                let nearest = ConfigurationKey.nearest(to: dotted, among: known)
                throw .unknown(dotted, in: "the configuration file \(name)", nearest: nearest)
            }
        }
    }

    private func entries(of node: Node, for key: ConfigurationKey) throws(ConfigurationError) -> [String]? {
        if node.null != nil { return nil }
        if key.isList {
            guard let sequence = node.sequence else {
                throw ConfigurationError("'\(key.path)' in \(name) must be a list, such as [\(Self.example(key))].")
            }
            let scalars = sequence.compactMap(\.scalar?.string)
            guard scalars.count == sequence.count else {
                throw ConfigurationError("'\(key.path)' in \(name) must be a list of plain values.")
            }
            return scalars
        }
        guard let scalar = node.scalar else {
            throw ConfigurationError("'\(key.path)' in \(name) must be a single value.")
        }
        return scalar.string.isEmpty ? nil : [scalar.string]
    }

    private static func isGroup(_ path: [String]) -> Bool {
        ConfigurationKey.all.contains { $0.components.count > path.count && $0.components.starts(with: path) }
    }

    private static func example(_ key: ConfigurationKey) -> String {
        key.defaultValue.isEmpty ? "a, b" : key.defaultValue.joined(separator: ", ")
    }

    /// The first line of the parser's message, without the excerpt below it.
    private static func cause(_ error: any Error) -> String {
        guard let error = error as? YamlError else { return "it cannot be parsed" }
        let lines = "\(error)".split(separator: "\n")
        return Terminal.sanitised(lines.first.map(String.init) ?? "it cannot be parsed")
    }
}
