import AuthorizationServer
import Foundation
import JOSE
import Yams

/// A YAML document of the managed configuration: read into JSON for the server, and written from it.
///
/// Files that it names are read here, because the server never opens a path of its caller. Every plain value becomes a text; the
/// server reads it by what its member is.
struct ConfigurationDocument {
    /// The document as JSON, with the contents of the files that it names.
    let json: JSONObject

    /// The members that name a file, and those that its content replaces.
    private static let files = ["client_secret_file": "client_secret", "jwks_file": "jwks"]
    private static let largestFile = 64 * 1024

    init(contentsOf path: String) throws {
        guard
            let data = path == "-"
                ? FileHandle.standardInput.readDataToEndOfFile() : FileManager.default.contents(atPath: path)
        else { throw CommandError("Cannot read the file \(path). Check that it exists and is readable.") }
        guard let text = String(data: data, encoding: .utf8) else {
            throw CommandError("The file \(path) is not UTF-8 text.")
        }
        let folder = path == "-" ? "." : URL(fileURLWithPath: path).deletingLastPathComponent().path
        try self.init(text: text, name: path, folder: folder)
    }

    /// The document of a text. Relative paths in it are below `folder`.
    init(text: String, name: String, folder: String) throws {
        let root: Node?
        do {
            root = try Parser(yaml: text).singleRoot()
        } catch {
            let cause = (error as? YamlError).map { "\($0)" }?.split(separator: "\n").first.map(String.init)
            throw CommandError("The file \(name) is not YAML: \(Terminal.sanitised(cause ?? "it cannot be parsed")).")
        }
        guard let root, root.null == nil else {
            json = JSONObject()
            return
        }
        guard root.mapping != nil, let object = try Self.value(root, in: folder).object else {
            throw CommandError("The file \(name) must contain sections such as 'resources:'.")
        }
        json = object
    }

    private static func value(_ node: Node, in folder: String) throws -> JSON {
        if node.null != nil { return .null }
        if let mapping = node.mapping { return .object(try object(mapping, in: folder)) }
        if let sequence = node.sequence { return .array(try sequence.map { try value($0, in: folder) }) }
        return .string(node.scalar?.string ?? "")
    }

    private static func object(_ mapping: Node.Mapping, in folder: String) throws -> JSONObject {
        var object = JSONObject()
        for (keyNode, node) in mapping {
            guard let key = keyNode.scalar?.string else { throw CommandError("A member's name must be a plain text.") }
            guard key != "client_secret" else {
                throw CommandError("Write a secret into a file, and name the file with 'client_secret_file'.")
            }
            if let content = files[key], mapping[content] != nil {
                throw CommandError("'\(key)' and '\(content)' cannot be combined.")
            }
            guard let content = files[key] else {
                object[key] = try value(node, in: folder)
                continue
            }
            guard let path = node.scalar?.string, !path.isEmpty else {
                throw CommandError("'\(key)' must be the path of a file.")
            }
            object[content] = .string(try file(path, in: folder, isSecret: content == "client_secret"))
        }
        return object
    }

    private static func file(_ path: String, in folder: String, isSecret: Bool) throws -> String {
        let path = path.hasPrefix("/") ? path : folder + "/" + path
        if isSecret, let fault = SecretFile.fault(of: path, isGroupReadable: true) {
            throw CommandError("The file \(path) \(fault)")
        }
        guard let data = FileManager.default.contents(atPath: path), data.count <= largestFile,
            let text = String(data: data, encoding: .utf8)
        else { throw CommandError("The file \(path) cannot be read, or is larger than 64 KiB.") }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    // MARK: Writing

    /// The text of a document.
    static func yaml(_ json: JSONObject) throws -> String {
        try Yams.serialize(node: node(.object(json)))
    }

    private static func node(_ json: JSON) -> Node {
        switch json {
        case .null: Node("null", Tag(.null))
        case .bool(let flag): Node(flag ? "true" : "false", Tag(.bool))
        case .integer(let number): Node("\(number)", Tag(.int))
        case .number(let number): Node("\(number)", Tag(.float))
        case .string(let text): string(text)
        case .array(let elements):
            Node(
                elements.map(node), Tag(.seq), elements.isEmpty || elements.contains { $0.object != nil } ? .any : .flow
            )
        case .object(let object):
            Node(
                object.members.map { (string($0.name), node($0.value)) }, Tag(.map),
                object.members.isEmpty ? .flow : .any)
        }
    }

    /// A text that is read back as the same text: what YAML takes for no value is quoted.
    private static func string(_ text: String) -> Node {
        let isNull = ["", "~", "null", "Null", "NULL"].contains(text)
        return Node.scalar(Node.Scalar(text, Tag(.str), isNull ? .doubleQuoted : .any))
    }
}
