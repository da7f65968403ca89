package import JOSE

/// One field that an act changed, from what to what. A record keeps its changes beside the chain, which covers their digest.
package struct AuditChange: Hashable, Sendable {
    /// The name of the field, as in the row that a command shows.
    package let field: String
    /// The value before; nil if there was none.
    package let from: String?
    /// The value after; nil if there is none any more.
    package let to: String?

    /// A change of a field.
    package init(_ field: String, from: String? = nil, to: String? = nil) {
        self.field = field
        self.from = from
        self.to = to
    }
}

extension AuditChange {
    /// The fields in which two rows of one object differ, in the order of the later row. Fields that follow from others or change
    /// by themselves are left out by name.
    package static func between(
        _ before: JSONObject, and after: JSONObject, leavingOut excluded: Set<String> = []
    ) -> [AuditChange] {
        let names = after.members.map(\.name) + before.members.map(\.name).filter { after[$0] == nil }
        return names.compactMap { name in
            let (from, to) = (before[name].flatMap(text), after[name].flatMap(text))
            return from == to || excluded.contains(name) ? nil : AuditChange(name, from: from, to: to)
        }
    }

    /// The changes as an array of JSON objects.
    package static func json(_ changes: [AuditChange]) -> JSON {
        .array(
            changes.map { change in
                .object([
                    "field": .string(change.field), "from": change.from.map(JSON.string) ?? .null,
                    "to": change.to.map(JSON.string) ?? .null,
                ])
            })
    }

    /// Reads the stored text of changes; nil for any other text.
    static func list(_ text: String) -> [AuditChange]? {
        guard let elements = try? JSON.parse(Array(text.utf8)).array else { return nil }
        let changes = elements.compactMap { element -> AuditChange? in
            guard let object = element.object, let field = object["field"]?.string else { return nil }
            return AuditChange(field, from: object["from"]?.string, to: object["to"]?.string)
        }
        return changes.count == elements.count ? changes : nil
    }

    /// The value as a text, which is a list of words for a list; nil for null and for an empty list.
    private static func text(_ value: JSON) -> String? {
        switch value {
        case .null: nil
        case .string(let text): text
        case .bool(let value): value ? "true" : "false"
        case .integer(let number): "\(number)"
        case .number(let number): "\(number)"
        case .array(let elements):
            elements.isEmpty ? nil : elements.compactMap(text).joined(separator: ", ")
        // A setting with its origin, as policies show it.
        case .object(let object): object["value"].map(text) ?? value.text
        }
    }
}
