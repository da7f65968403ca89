/// A JSON value.
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
    /// A string.
    case string(String)
    /// An array.
    case array([JSON])
    /// An object with ordered members.
    case object(JSONObject)
}

extension JSON {
    /// The string, if the value is one.
    package var string: String? { if case .string(let value) = self { value } else { nil } }
    /// The integer, if the value is one.
    package var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    /// The boolean, if the value is one.
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The elements, if the value is an array.
    package var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
    /// The object, if the value is one.
    package var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
    /// The strings, if the value is an array of strings only.
    package var strings: [String]? {
        guard let array else { return nil }
        let texts = array.compactMap(\.string)
        return texts.count == array.count ? texts : nil
    }

    /// An array of strings.
    package static func strings(_ texts: some Sequence<String>) -> JSON { .array(texts.map(JSON.string)) }
}

/// A JSON object with ordered members and unique names.
///
/// Names are compared byte by byte: Swift's string comparison treats U+212A and the letter K as equal.
/// Two objects are equal when they have the same members in the same order.
package struct JSONObject: Sendable {
    /// Name and value of each member, in order.
    package private(set) var members: [(name: String, value: JSON)] = []

    /// An object without members.
    package init() {}

    /// Parses an object; refuses any other JSON value.
    package init(parsing bytes: [UInt8], limits: JSON.Limits = .default) throws(JSONError) {
        guard case .object(let object) = try JSON.parse(bytes, limits: limits) else {
            throw JSONError(.notAnObject, at: 0)
        }
        self = object
    }

    /// For the parser, which has checked that names are unique.
    init(unique members: [(name: String, value: JSON)]) { self.members = members }

    /// The value of a member. Setting nil removes the member; a new name is appended.
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

    /// Whether the object has no members.
    package var isEmpty: Bool { members.isEmpty }

    private func index(of name: String) -> Int? {
        members.firstIndex { $0.name.utf8.elementsEqual(name.utf8) }
    }
}

extension JSONObject: Hashable {
    /// Whether both have the same members in the same order.
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

// MARK: - Literals

extension JSON: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A string.
    package init(stringLiteral value: String) { self = .string(value) }
    /// An integer.
    package init(integerLiteral value: Int64) { self = .integer(value) }
    /// A number.
    package init(floatLiteral value: Double) { self = .number(value) }
    /// A boolean.
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    /// Null.
    package init(nilLiteral: ()) { self = .null }
    /// An array.
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
    /// An object.
    package init(dictionaryLiteral elements: (String, JSON)...) {
        var object = JSONObject()
        for (name, value) in elements { object[name] = value }
        self = .object(object)
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// An object; the last of several members with one name counts.
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self.init()
        for (name, value) in elements { self[name] = value }
    }
}
