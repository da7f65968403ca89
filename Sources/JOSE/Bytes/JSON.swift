/// A JSON value as it was read or as it will be written.
///
/// Spec: RFC 8259 §3
package enum JSON: Hashable, Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number written without fraction or exponent.
    case integer(Int64)
    /// Any other number.
    case number(Double)
    /// A text.
    case string(String)
    /// A list.
    case array([JSON])
    /// An object, its members in the order they were written.
    case object(JSONObject)
}

extension JSON {
    /// The text, if it is one.
    package var string: String? { if case .string(let value) = self { value } else { nil } }
    /// The whole number, if it is one.
    package var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    /// The truth value, if it is one.
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The elements, if it is a list.
    package var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
    /// The object, if it is one.
    package var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
    /// The texts, if it is a list of nothing but texts.
    package var strings: [String]? {
        guard let array else { return nil }
        let texts = array.compactMap(\.string)
        return texts.count == array.count ? texts : nil
    }

    /// A list of texts.
    package static func strings(_ texts: some Sequence<String>) -> JSON { .array(texts.map(JSON.string)) }
}

/// A JSON object that keeps the order of its members and holds each name once.
///
/// Names are compared byte by byte: Swift's own comparison of texts takes U+212A for the letter K.
/// Two objects are equal when they hold the same members in the same order.
package struct JSONObject: Sendable {
    /// Name and value of each member, in order.
    package private(set) var members: [(name: String, value: JSON)] = []

    /// An object without members.
    package init() {}

    /// Reads an object; any other JSON is refused.
    package init(parsing bytes: [UInt8], limits: JSON.Limits = .default) throws(JSONError) {
        guard case .object(let object) = try JSON.parse(bytes, limits: limits) else {
            throw JSONError(.notAnObject, at: 0)
        }
        self = object
    }

    /// For the reader, which has made sure that no name comes twice.
    init(unique members: [(name: String, value: JSON)]) { self.members = members }

    /// The value of a member; setting nil takes the member out, a new name goes to the end.
    package subscript(name: String) -> JSON? {
        get { index(of: name).map { members[$0].value } }
        set {
            switch (index(of: name), newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append((name, value))
            case (nil, nil): break
            }
        }
    }

    /// Whether it has no members.
    package var isEmpty: Bool { members.isEmpty }

    private func index(of name: String) -> Int? {
        members.firstIndex { $0.name.utf8.elementsEqual(name.utf8) }
    }
}

extension JSONObject: Hashable {
    /// Whether both hold the same members in the same order.
    package static func == (a: JSONObject, b: JSONObject) -> Bool {
        a.members.elementsEqual(b.members) { $0.name == $1.name && $0.value == $1.value }
    }

    /// Hashes every member in order.
    package func hash(into hasher: inout Hasher) {
        for (name, value) in members {
            hasher.combine(name)
            hasher.combine(value)
        }
    }
}
