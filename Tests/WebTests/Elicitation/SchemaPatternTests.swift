import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import StorageSupport
import TestSupport
import Testing

@Suite("The schema that a library writes")
struct SchemaPatternTests {
    /// As Pydantic writes a secret with a pattern, and an optional text without a default.
    private static func schema(_ pattern: String) -> [String: JSON?] {
        let key: JSON = [
            "title": "Api Key", "type": "string", "format": "password", "writeOnly": true, "pattern": .string(pattern),
        ]
        let note: JSON = ["title": "Note", "anyOf": [["type": "string"], ["type": "null"]]]
        return [
            "requested_schema": [
                "type": "object", "title": "Key", "properties": ["api_key": key, "note": note],
                "required": ["api_key", "note"],
            ]
        ]
    }

    @Test func `the form enforces the pattern, and an empty optional field is null`() async throws {
        try await Harness.run { h in
            try await h.grant([.secret])
            let token = try await h.tokens().access
            let asked = try await Asked(h.askSecret(token, Self.schema("^sk-[a-z0-9]{8}$")))
            #expect(asked.status == .created)
            let browser = h.browser()
            let page = try await h.open(browser, asked)
            #expect(page.text.ranges(of: "required</span>").count == 1, "the note may stay empty")
            let wrong = try await h.fill(browser, asked, [("f0", "sk-canary"), ("f1", "")], at: page)
            #expect(wrong.status == .badRequest)
            #expect(wrong.text.contains("This does not have the form that the MCP server requires."))
            #expect(!wrong.text.contains("canary"))
            #expect(try await h.stored(asked)?.status == .opened)
            #expect(try await h.fill(browser, asked, [("f0", "sk-canary00"), ("f1", "")], at: wrong).status == .ok)
            let result = try await h.call(.get, asked.path + "/result")
            #expect(result.status == .ok && result.json["content"]?.object?["note"] == .null)
        }
    }

    @Test(arguments: [
        ("^(?!sk)", "has a look-around"), ("(a)\\1", "has a back-reference"), ("[a", "a class that is not closed"),
    ])
    func `a pattern that cannot be checked is refused at once, and nobody is asked`(pattern: String, fault: String)
        async throws
    {
        try await Harness.run { h in
            try await h.grant([.secret])
            let answer = try await h.askSecret(h.tokens().access, Self.schema(pattern))
            #expect(answer.status == .badRequest && answer.error == "invalid_request")
            let sentence = answer.json["error_description"]?.string ?? ""
            #expect(sentence.hasPrefix("requested_schema.properties.api_key.pattern ") && sentence.contains(fault))
            #expect(try await h.records(.elicitationCreated).isEmpty)
        }
    }
}
