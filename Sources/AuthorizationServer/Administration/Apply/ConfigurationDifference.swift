import JOSE

/// The difference of two documents of the configuration, as `apply` shows it.
struct ConfigurationDifference {
    /// One group, MCP server, client or rule that differs.
    struct Entry: Hashable {
        let kind: String
        let name: String
        /// `added`, `changed` or `removed`.
        let change: String
        let fields: [Field]
    }

    /// One member that differs.
    struct Field: Hashable {
        let change: FieldChange
        /// Whether something is taken away: the member, or an entry of a list.
        let narrows: Bool
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

    private static func fields(_ old: [String: [String]], _ new: [String: [String]]) -> [Field] {
        Set(old.keys).union(new.keys).sorted().compactMap { field in
            let (before, after) = (old[field], new[field])
            // What is empty on a new object says nothing.
            guard before != nil || after?.isEmpty == false,
                let change = FieldChange(field, from: before.map(text), to: after.map(text))
            else { return nil }
            // A list of groups that is new restricts a scope that everybody could have.
            let restricts = field.hasPrefix("policy.scope_groups.") && before == nil && !old.isEmpty
            let isList = (before?.count ?? 0) > 1 || (after?.count ?? 0) != 1 || (before?.count ?? 0) != 1
            let loses = !Set(before ?? []).isSubset(of: after ?? []) && (isList || listed.contains(field))
            return Field(change: change, narrows: after == nil || restricts || loses)
        }
    }

    /// The lists of names, of which also a single entry that is replaced is taken away.
    private static let listed: Set<String> = [
        "redirect_uris", "resources", "policy.client_hosts", "policy.access.groups", "policy.access.users",
        "policy.elicitation", "policy.external_hosts", "policy.actions", "domains", "required_groups",
    ]

    /// The words of a member in one line, each told apart from the next.
    private static func text(_ words: [String]) -> String {
        words.map { $0.contains(" ") && words.count > 1 || $0.contains(",") ? "\"\($0)\"" : $0 }.joined(separator: ", ")
    }

    /// The plain values of an object by their place in it, such as `policy.idle_limit`. Objects of a list stand under their names.
    private static func leaves(_ object: JSONObject, under parent: String = "") -> [String: [String]] {
        var leaves: [String: [String]] = [:]
        for (name, value) in object.members {
            let place = parent + name
            switch value {
            case .object(let inner): leaves.merge(Self.leaves(inner, under: place + ".")) { $1 }
            case .array(let elements) where elements.contains { $0.object != nil }:
                for element in elements.compactMap(\.object) {
                    let named = element["name"]?.string ?? element["resource"]?.string ?? ""
                    leaves.merge(Self.leaves(element, under: "\(place) \(named) ")) { $1 }
                }
            case .array(let elements): leaves[place] = elements.compactMap(word)
            case .null, .bool, .integer, .number, .string:
                leaves[place] = word(value).map { $0.isEmpty ? [] : [$0] } ?? []
            }
        }
        return leaves
    }

    private static func word(_ value: JSON) -> String? {
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
                "changes": .array(
                    entry.fields.map { field in
                        [
                            "field": .string(field.change.field), "from": JSON(field.change.before),
                            "to": JSON(field.change.after), "narrows": .bool(field.narrows),
                        ]
                    }),
            ]
        }
    }
}
