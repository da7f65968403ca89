import JOSE
import Testing

@testable import OAuth

@Suite("MCP forms: the flat schema and the entered values")
struct RequestedSchemaTests {
    private func schema(_ properties: JSONObject, required: [String] = []) throws -> RequestedSchema {
        try RequestedSchema(
            json: ["type": "object", "properties": .object(properties), "required": .strings(required)])
    }

    private func refusal(_ properties: JSONObject) -> String? {
        do {
            _ = try schema(properties)
            return nil
        } catch {
            return (error as? OAuthError)?.description
        }
    }

    private func read(_ field: JSON, _ values: [String], required: Bool = true) throws -> RequestedSchema.Reading {
        try schema(["x": field], required: required ? ["x"] : []).read { _ in values }
    }

    @Test func `fields keep their order, their titles and what they demand`() throws {
        let schema = try schema(
            [
                "key": ["type": "string", "format": "password", "title": "API key", "minLength": 8],
                "region": [
                    "type": "string",
                    "oneOf": [["const": "eu", "title": "Europe"], ["const": "us", "title": "America"]],
                ],
                "days": ["type": "integer", "minimum": 1, "maximum": 30, "default": 7],
                "mail": ["type": "boolean", "default": true],
                "tags": ["type": "array", "items": ["type": "string", "enum": ["a", "b"]], "maxItems": 1],
            ], required: ["key"])
        #expect(schema.fields.map(\.name) == ["key", "region", "days", "mail", "tags"])
        #expect(schema.fields.map(\.title) == ["API key", "region", "days", "mail", "tags"])
        #expect(schema.fields.map(\.isRequired) == [true, false, false, false, false])
        #expect(schema.fields.map(\.preset) == [[], [], ["7"], ["yes"], []])
        #expect(
            schema.fields.map(\.kind) == [
                .text(length: 8...10_000, format: .password),
                .choice([.init(value: "eu", title: "Europe"), .init(value: "us", title: "America")]),
                .number(isWhole: true, minimum: 1, maximum: 30), .flag,
                .choices([.init(value: "a", title: "a"), .init(value: "b", title: "b")], count: 0...1),
            ])
    }

    @Test func `values become typed content under the names of the schema`() throws {
        let schema = try schema(
            [
                "key": ["type": "string", "format": "password"], "days": ["type": "integer"],
                "rate": ["type": "number"], "mail": ["type": "boolean"],
                "tags": ["type": "array", "items": ["type": "string", "enum": ["a", "b"]]],
                "note": ["type": "string"],
            ], required: ["key", "days"])
        let typed: [Int: [String]] = [0: [" s3cret "], 1: [" 7 "], 2: ["0.5"], 3: ["yes"], 4: ["a", "b"], 5: [""]]
        let content: JSONObject = [
            "key": " s3cret ", "days": 7, "rate": 0.5, "mail": true, "tags": ["a", "b"],
        ]
        #expect(schema.read { typed[$0] ?? [] } == .content(content))
        #expect(
            schema.read { _ in [] }
                == .problems([0: "Fill in this field.", 1: "Fill in this field."]))
    }

    @Test func `an error about a field never repeats its value`() throws {
        let typed = "canary-value"
        let fields: [JSON] = [
            ["type": "integer"], ["type": "number"], ["type": "string", "format": "email"],
            ["type": "string", "format": "uri"], ["type": "string", "format": "date"],
            ["type": "string", "format": "date-time"], ["type": "string", "enum": ["a"]],
            ["type": "string", "maxLength": 3], ["type": "string", "minLength": 30], ["type": "boolean"],
            ["type": "array", "items": ["enum": ["a"]]],
        ]
        for field in fields {
            guard case .problems(let problems) = try read(field, [typed]) else {
                Issue.record("accepted for \(field.text)")
                continue
            }
            #expect(problems[0]?.contains(typed) == false)
        }
    }

    @Test(arguments: [
        (#"{"type":"string","format":"email"}"#, "ana@example.org", true),
        (#"{"type":"string","format":"email"}"#, "ana@", false),
        (#"{"type":"string","format":"date"}"#, "2028-02-29", true),
        (#"{"type":"string","format":"date"}"#, "2027-02-29", false),
        (#"{"type":"string","format":"date-time"}"#, "2026-11-21T09:30:00Z", true),
        (#"{"type":"string","format":"uri"}"#, "https://example.org/a", true),
        (#"{"type":"string","format":"uri"}"#, "javascript:alert(1)", false),
        (#"{"type":"integer","minimum":1}"#, "0", false), (#"{"type":"integer"}"#, "1.5", false),
        (#"{"type":"integer"}"#, "99999999999999999999", false),
        (#"{"type":"number","maximum":1.5}"#, "1.5", true), (#"{"type":"number"}"#, "nan", false),
        (#"{"type":"number"}"#, "1e999", false), (#"{"type":"number"}"#, "0x10", false),
        (#"{"type":"string","enum":["a","b"]}"#, "b", true), (#"{"type":"string","enum":["a","b"]}"#, "c", false),
    ])
    func `the server enforces each rule of the schema`(field: String, typed: String, isGood: Bool) throws {
        let reading = try read(JSON.parse(Array(field.utf8)), [typed])
        if case .content = reading { #expect(isGood) } else { #expect(!isGood) }
    }

    @Test func `a pattern holds for the value, and the error repeats neither`() throws {
        let field: JSON = ["type": "string", "format": "password", "pattern": "^sk-[a-z0-9]{4}$", "writeOnly": true]
        #expect(try read(field, ["sk-ab12"]) == .content(["x": "sk-ab12"]))
        let problem = "This does not have the form that the MCP server requires. Check it for typing errors."
        #expect(try read(field, ["sk-ab123"]) == .problems([0: problem]))
        #expect(try read(field, [" sk-ab12"]) == .problems([0: problem]), "a password is not trimmed")
        #expect(try read(field, [""], required: false) == .content([:]), "an empty field has no value to match")
    }

    @Test func `anyOf with null is an optional field, and null where the schema requires the member`() throws {
        let text: JSON = ["type": "string", "minLength": 2, "title": "inside"]
        let field: JSON = ["anyOf": [text, ["type": "null"]], "title": "Note", "default": .null]
        let parsed = try schema(["x": field], required: ["x"]).fields[0]
        #expect(!parsed.isRequired && parsed.title == "Note")
        #expect(parsed.kind == .text(length: 2...10_000, format: nil))
        #expect(try read(field, ["ab"]) == .content(["x": "ab"]))
        #expect(try read(field, [""]) == .content(["x": .null]))
        #expect(try read(field, [""], required: false) == .content([:]))
        #expect(try read(field, ["a"]) == .problems([0: "Enter at least 2 characters."]))
        let turned: JSON = ["anyOf": [["type": "null"], ["type": "integer"]], "default": 7]
        #expect(try schema(["x": turned]).fields[0].preset == ["7"])
    }

    @Test func `anyOf of anything else is refused by its place`() {
        let rule = "requested_schema.properties.x.anyOf must hold the schema of the field and {'type': 'null'}."
        for choices in [
            [["type": "string"]], [["type": "string"], ["type": "integer"]], [["type": "null"], ["type": "null"]],
            ["null", ["type": "null"]], [["type": "string"], ["type": "null", "title": "x"]],
        ] as [JSON] { #expect(refusal(["x": ["anyOf": choices]]) == rule, "\(choices.text)") }
        let inside = refusal(["x": ["anyOf": [["type": "string", "const": "a"], ["type": "null"]]]])
        #expect(inside?.hasPrefix("requested_schema.properties.x.anyOf[0].const is not known") == true)
        let beside = refusal(["x": ["anyOf": [["type": "string"], ["type": "null"]], "minLength": 1]])
        #expect(beside?.hasPrefix("requested_schema.properties.x.minLength is not known") == true)
    }

    @Test func `a doubled field, a chosen value twice and too many are refused`() throws {
        #expect(try read(["type": "string"], ["a", "b"]) == .problems([0: "Enter one value."]))
        let list: JSON = ["type": "array", "items": ["enum": ["a", "b", "c"]], "minItems": 1, "maxItems": 2]
        #expect(try read(list, ["a", "a"]) == .problems([0: "Choose only the values on the list."]))
        #expect(try read(list, ["a", "b", "c"]) == .problems([0: "Choose from 1 to 2 of these."]))
        #expect(try read(list, []) == .problems([0: "Choose from 1 to 2 of these."]))
        #expect(try read(list, [], required: false) == .content([:]))
    }

    @Test func `a nested schema or an unenforced keyword is refused with the member's name`() {
        let path = "requested_schema.properties.x"
        #expect(refusal([:]) == "requested_schema.properties must be an object with one member for each field.")
        #expect(
            refusal(["x": ["type": "object"]]) == "\(path).type must be string, number, integer, boolean or array.")
        #expect(
            refusal(["x": ["type": "integer", "pattern": "a+"]])
                == "\(path).pattern is not known; the nearest known member is title.")
        #expect(
            refusal(["x": ["type": "string", "pattern": "(?=a)"]])
                == "\(path).pattern has a look-around, a named group or a flag, which Gatehouse cannot check in linear time; "
                + "write the pattern without it.")
        #expect(refusal(["x": ["type": "string", "pattern": 1]]) == "\(path).pattern must be a string.")
        #expect(
            refusal(["x": ["type": "string", "format": "ipv4"]])
                == "\(path).format must be email, uri, date, date-time or password.")
        #expect(
            refusal(["x": ["type": "string", "minLength": 5, "maxLength": 4]])
                == "\(path).minLength must be at most maxLength.")
        #expect(
            refusal(["x": ["type": "string", "format": "password", "default": "a"]])
                == "\(path).default is not allowed for a password; omit it.")
        #expect(
            refusal(["x": ["type": "string", "enum": []]])
                == "\(path).enum must list at least one value, each value once.")
        #expect(
            refusal(["x": ["type": "string", "enum": ["a", "a"]]])
                == "\(path).enum must list at least one value, each value once.")
        #expect(
            refusal(["x": ["type": "integer", "default": "7"]])
                == "\(path).default must be a valid value of the field.")
        #expect(refusal(["x": 1]) == "\(path) must be an object.")
        #expect(throws: OAuthError.self) { try schema(["x": ["type": "string"]], required: ["y"]) }
        var many = JSONObject()
        for number in 0...20 { many["f\(number)"] = ["type": "string"] }
        #expect(refusal(many) == "requested_schema.properties has too many fields; send at most 20.")
    }
}
