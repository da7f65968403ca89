import JOSE

/// A field that may be null: `anyOf` of its schema and `{"type": "null"}`, as libraries write an optional value.
enum NullableField {
    private static let annotations = ["title", "description", "default", "writeOnly"]

    /// A reader for the field without the null, and whether it had one. Annotations beside `anyOf` take the place of those inside.
    static func unwrapped(_ reader: MemberReader) throws(OAuthError) -> (MemberReader, isNullable: Bool) {
        guard reader.value("type") == nil, let choices = try reader.arrayIfAny("anyOf", limit: 2) else {
            return (reader, false)
        }
        try reader.allowOnly(["anyOf"] + annotations)
        guard choices.count == 2, let null = choices.firstIndex(of: ["type": "null"]),
            var schema = choices[1 - null].object, schema["type"] != "null"
        else { throw reader.refusal("anyOf", "must hold the schema of the field and {'type': 'null'}.") }
        for name in annotations {
            if let value = reader.value(name) { schema[name] = value }
        }
        return (MemberReader(schema, at: reader.name(of: "anyOf[\(1 - null)]")), true)
    }
}
