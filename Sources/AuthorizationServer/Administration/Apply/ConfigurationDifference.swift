import JOSE

/// The difference of two documents of the configuration, as `apply` shows it.
struct ConfigurationDifference {
    /// One group, MCP server, client or rule that differs.
    struct Entry: Hashable {
        let kind: String
        let name: String
        /// `added`, `changed` or `removed`.
        let change: String
        let fields: [FieldChange]
    }

    let entries: [Entry]

    /// The kind of the objects of each section, and the members that can name one.
    private static let kinds: [(section: String, kind: String, names: [String])] = [
        ("identity_providers", "identity provider", ["name"]), ("groups", "group", ["name"]),
        ("resources", "MCP server", ["resource"]), ("providers", "provider", ["name"]), ("clients", "client", ["id"]),
        ("rules", "rule", ["client", "host"]),
    ]

    init(from before: JSONObject, to after: JSONObject) {
        entries = Self.kinds.flatMap { section, kind, names in
            let (old, new) = (Self.objects(before[section], names), Self.objects(after[section], names))
            return Self.differences(kind, old, new)
        }
    }

    private typealias Named = (name: String, object: JSONObject)

    private static func objects(_ section: JSON?, _ names: [String]) -> [Named] {
        (section?.array ?? []).compactMap(\.object).map { object in
            (names.lazy.compactMap { object[$0]?.string }.first ?? "", object)
        }
    }

    private static func differences(_ kind: String, _ old: [Named], _ new: [Named]) -> [Entry] {
        let was = Dictionary(old.map { ($0.name, $0.object) }) { $1 }
        let kept = new.compactMap { name, object -> Entry? in
            guard let before = was[name] else {
                return Entry(kind: kind, name: name, change: "added", fields: fields([:], leaves(object)))
            }
            let fields = fields(leaves(before), leaves(object))
            return fields.isEmpty ? nil : Entry(kind: kind, name: name, change: "changed", fields: fields)
        }
        let names = Set(new.map(\.name))
        return kept
            + old.filter { !names.contains($0.name) }.map {
                Entry(kind: kind, name: $0.name, change: "removed", fields: [])
            }
    }

    private static func fields(_ old: [String: String], _ new: [String: String]) -> [FieldChange] {
        Set(old.keys).union(new.keys).sorted().compactMap { field in
            let (before, after) = (old[field], new[field])
            // What is empty on a new object says nothing.
            guard before != nil || after?.isEmpty == false else { return nil }
            return FieldChange(field, from: before, to: after)
        }
    }

    /// The plain values of an object by their place in it, such as `policy.idle_limit`. Objects of a list stand under their names.
    private static func leaves(_ object: JSONObject, under parent: String = "") -> [String: String] {
        var leaves: [String: String] = [:]
        for (name, value) in object.members {
            let place = parent + name
            switch value {
            case .object(let inner): leaves.merge(Self.leaves(inner, under: place + ".")) { $1 }
            case .array(let elements) where elements.contains { $0.object != nil }:
                for element in elements.compactMap(\.object) {
                    let named = element["name"]?.string ?? element["resource"]?.string ?? ""
                    leaves.merge(Self.leaves(element, under: "\(place) \(named) ")) { $1 }
                }
            case .array(let elements): leaves[place] = elements.compactMap(text).joined(separator: " ")
            case .null, .bool, .integer, .number, .string: leaves[place] = text(value) ?? ""
            }
        }
        return leaves
    }

    private static func text(_ value: JSON) -> String? {
        switch value {
        case .string(let text): text
        case .bool(let flag): flag ? "yes" : "no"
        case .integer(let number): "\(number)"
        case .null, .number, .array, .object: nil
        }
    }

    /// The rows of the answer.
    var rows: [JSON] {
        entries.map { entry in
            [
                "kind": .string(entry.kind), "name": .string(entry.name), "change": .string(entry.change),
                "changes": .array(entry.fields.map(\.row)),
            ]
        }
    }
}
