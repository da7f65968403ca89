package import JOSE

/// The fields that a person is asked to fill in, as the flat schema of an MCP form says them, and `format: "password"`
/// for what is not to be seen while it is typed.
///
/// Spec: MCP 2026-07-28 §Elicitation
package struct RequestedSchema: Hashable, Sendable {
    private static let mostFields = 20

    /// The fields in the order in which the schema has them.
    package let fields: [SchemaField]
    /// The schema as it was sent.
    package let json: JSONObject

    /// Reads a schema; a keyword that nobody would enforce is refused, not passed over.
    package init(json: JSONObject) throws(OAuthError) {
        let reader = MemberReader(json, at: "requested_schema")
        try reader.allowOnly([
            "type", "properties", "required", "title", "description", "$schema", "additionalProperties",
        ])
        guard reader.value("type")?.string == "object" else { throw reader.refusal("type", "has to be object.") }
        guard let properties = try reader.objectIfAny("properties"), !properties.isEmpty else {
            throw reader.refusal("properties", "has to be an object with one member a field.")
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
            throw reader.refusal("required", "has to be a list of names of fields.")
        }
        for name in names where properties[name] == nil {
            throw reader.refusal("required", "names a field that is not among the properties.")
        }
        return Set(names)
    }

    /// What a person's form came to.
    package enum Reading: Hashable, Sendable {
        /// All fields are in order: the values, under the names of the schema.
        case content(JSONObject)
        /// What is wrong, by the place of the field.
        case problems([Int: String])
    }

    /// Checks what was typed: `values` gives the form's values for the field at a place, none for one left out.
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

    package static func == (one: Self, other: Self) -> Bool { one.json == other.json }
    package func hash(into hasher: inout Hasher) { hasher.combine(json) }
}
