import Testing

@testable import gatehouse

@Suite("The CSV file of users import")
struct UserFileTests {
    private func users(_ text: String) throws -> [UserFile.User] { try UserFile(parsing: text).users }

    private func refusal(_ text: String) -> String {
        do {
            return "accepted: \(try users(text))"
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [
        "name,email\ngrace,g@example.org\nhedy,\n", "\u{FEFF}Name,Email\r\ngrace,g@example.org\r\nhedy,\r\n",
        "email,name\ng@example.org,grace\n,hedy", "name,email\n\n \"grace\" , g@example.org\nhedy,\"\"\n\n",
    ])
    func `columns may stand in any order, lines end as they like, and empty lines do not count`(text: String) throws {
        #expect(try users(text) == [.init(name: "grace", email: "g@example.org"), .init(name: "hedy", email: nil)])
    }

    @Test func `quotes enclose commas, quotes and line breaks`() throws {
        #expect(try users("name\n\"a, \"\"b\"\"\"\n").map(\.name) == ["a, \"b\""])
        #expect(refusal("name\n\"a\nb\"\n\"c\n").contains("Line 4 has a quote that nothing closes"))
        #expect(refusal("name\na \"b\"\n").contains("Line 2 has a quote inside a field"))
        #expect(refusal("name\n\"a\" b\n").contains("Line 2 has a quote inside a field"))
    }

    @Test func `a column names the identity provider at which a user takes the account`() throws {
        let found = try users("name,identity_provider,email\ngrace,corp,g@example.org\nhedy,,\n")
        #expect(found.map(\.identityProvider) == ["corp", nil] && found.map(\.email) == ["g@example.org", nil])
    }

    @Test(arguments: [
        ("", "empty"), ("grace\n", "Line 1"), ("name,role\n", "Line 1"), ("name,name\n", "Line 1"),
        ("name,email\n,grace@example.org\n", "Line 2 has no name"),
        ("name,email\ngrace\n", "Line 2 has 1 fields, not 2"),
        ("name\ngrace\nGRACE\n", "Line 3 repeats the name"),
    ])
    func `a file with a problem is refused with its line`(text: String, words: String) {
        let sentence = refusal(text)
        #expect(sentence.contains(words) && sentence.contains("Nothing was changed"), "\(sentence)")
    }
}
