package import JOSE

/// The fields that a user is asked to fill in: the flat schema of an MCP form, extended by `format: "password"` for
/// values that are hidden while they are typed.
///
/// Spec: MCP 2026-07-28 §Elicitation
package struct RequestedSchema: Hashable, Sendable {
    private static let mostFields = 20

    /// The fields in the order of the schema.
    package let fields: [SchemaField]
    /// The schema as it was sent.
    package let json: JSONObject

    /// Reads a schema. A keyword that Gatehouse does not enforce is refused and not ignored.
    package init(json: JSONObject) throws(OAuthError) {
        let reader = MemberReader(json, at: "requested_schema")
        try reader.allowOnly([
            "type", "properties", "required", "title", "description", "$schema", "additionalProperties",
        ])
        guard reader.value("type")?.string == "object" else { throw reader.refusal("type", "must be object.") }
        guard let properties = try reader.objectIfAny("properties"), !properties.isEmpty else {
            throw reader.refusal("properties", "must be an object with one member for each field.")
        }
        guard properties.members.count <= Self.mostFields else {
            throw reader.refusal("properties", "has too many fields; send at most \(Self.mostFields).")
        }
        let required = try Self.required(reader, properties)
        var fields: [SchemaField] = []
        for (name, value) in properties.members {
            let path = "requested_schema.properties.\(name)"
            guard (1...100).contains(name.unicodeScalars.count) else {
                throw reader.refusal("properties", "has a field whose name is empty or longer than 100 characters.")
            }
            fields.append(
                try SchemaField(name: name, isRequired: required.contains(name), MemberReader(value, at: path)))
        }
        self.fields = fields
        self.json = json
    }

    private static func required(
        _ reader: MemberReader, _ properties: JSONObject
    ) throws(OAuthError) -> Set<String> {
        let listed = try reader.arrayIfAny("required", limit: mostFields) ?? []
        guard let names = JSON.array(listed).strings else {
            throw reader.refusal("required", "must be an array of field names.")
        }
        for name in names where properties[name] == nil {
            throw reader.refusal("required", "names a field that is not in properties.")
        }
        return Set(names)
    }

    /// The result of reading a form.
    package enum Reading: Hashable, Sendable {
        /// All fields are valid: the values, by the names of the schema.
        case content(JSONObject)
        /// The problems, by the index of the field.
        case problems([Int: String])
    }

    /// Checks a form. `values` returns the submitted values of the field at an index, none for a field that was not
    /// sent.
    package func read(_ values: (Int) -> [String]) -> Reading {
        var content = JSONObject()
        var problems: [Int: String] = [:]
        for (place, field) in fields.enumerated() {
            switch field.read(values(place)) {
            case .value(let value): content[field.name] = value
            case .nothing: break
            case .problem(let sentence): problems[place] = sentence
            }
        }
        return problems.isEmpty ? .content(content) : .problems(problems)
    }

    /// Compares the schemas as they were sent; the fields follow from them.
    package static func == (one: Self, other: Self) -> Bool { one.json == other.json }
    package func hash(into hasher: inout Hasher) { hasher.combine(json) }
}
