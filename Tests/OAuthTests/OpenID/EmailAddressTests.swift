import OAuth
import Testing

@Suite("E-mail addresses that are compared")
struct EmailAddressTests {
    @Test(arguments: [
        ("ada@example.com", "ADA@Example.COM", true), ("ada@example.com", "ada@example.com.evil.example", false),
        ("ada@example.com", "ada@example.org", false), ("ada@example.com", "bob@example.com", false),
        // The Kelvin sign and the long s become ASCII letters in other foldings of case.
        ("kim@example.com", "\u{212A}im@example.com", false), ("ash@example.com", "a\u{17F}h@example.com", false),
        ("é@example.com", "e\u{301}@example.com", false),
    ])
    func `only the case of ASCII letters makes no difference`(one: String, other: String, isSame: Bool) throws {
        let address = try #require(EmailAddress(one))
        #expect((EmailAddress(other) == address) == isSame)
    }

    @Test(arguments: [
        "", "ada", "@example.com", "ada@", "ada@example", "a@b@example.com", "ada@@example.com", "ada @example.com",
        "ada@example.com ", "ada@exa mple.com", "ada@.example.com", "ada@example..com", "ada@example.com.",
        "ada@éxample.com", "ada@example.com\n", "Ada <ada@example.com>", String(repeating: "a", count: 250) + "@ex.com",
    ])
    func `anything but one plain address is none`(text: String) {
        #expect(EmailAddress(text) == nil)
    }

    @Test func `the domain is in lower case`() {
        #expect(EmailAddress("ada@Eng.Example.COM")?.domain == "eng.example.com")
        #expect(EmailAddress.domain("Example.COM") == "example.com" && EmailAddress.domain("localhost") == nil)
    }
}
