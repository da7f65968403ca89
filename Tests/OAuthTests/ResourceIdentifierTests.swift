import OAuth
import Testing

@Suite("RFC 8707 resource indicators")
struct ResourceIdentifierTests {
    @Test(arguments: [
        ("https://mcp.example", "https://mcp.example/"), ("HTTPS://MCP.Example/a", "https://mcp.example/a"),
        ("https://mcp.example:443/a", "https://mcp.example/a"), ("http://localhost:80", "http://localhost"),
    ])
    func `equal identifiers match`(one: String, other: String) throws {
        #expect(try ResourceIdentifier(one).matches(ResourceIdentifier(other)))
    }

    @Test(arguments: [
        ("https://mcp.example/a", "https://mcp.example/a/"), ("https://mcp.example/a", "https://mcp.example/A"),
        ("https://mcp.example/a", "http://mcp.example/a"), ("https://mcp.example/a%2Fb", "https://mcp.example/a/b"),
        ("https://mcp.example/%61", "https://mcp.example/a"), ("https://mcp.example/?a", "https://mcp.example/"),
        ("https://mcp.example:8443", "https://mcp.example"), ("https://mcp.example/b/../a", "https://mcp.example/a"),
    ])
    func `nothing else is normalised`(one: String, other: String) throws {
        #expect(try !ResourceIdentifier(one).matches(ResourceIdentifier(other)))
    }

    @Test(arguments: [
        "", "mcp.example", "/mcp", "https://mcp.example/#part", "https://mcp.example/a#", "https://",
        "https://user@mcp.example/", "https://mcp.exämple/", "https://mcp.example/ä", "https://mcp.example/\u{212A}",
        "https://mcp%2Eexample/", "https://mcp.example/%", "https://mcp.example/%zz", "https://mcp.example:0/",
        "https://mcp.example:/", "https://mcp.example:65536/", "https://mcp.example/a b", "https://mcp.example\\a",
        "https://mcp.example/\n", "urn:example:mcp", "javascript://mcp.example/", "ftp://mcp.example/",
        "https://mcp..example/", "https://mcp.example./", "https://" + String(repeating: "a", count: 3000),
    ])
    func `only an absolute ASCII URL without fragment is a resource`(text: String) {
        #expect(throws: OAuthValueError.self) { try ResourceIdentifier(text) }
    }

    @Test func `the comparable form is a fixed point, and different servers keep different ones`() throws {
        var registry: [String: String] = [:]
        for scheme in ["https", "http"] {
            for host in ["a.example", "b.example", "localhost", "[::1]"] {
                for port in ["", ":8080", ":8443"] {
                    for path in ["/", "/a", "/A", "/a/", "/a%2F", "/?q", "/a?q", "//a"] {
                        let text = "\(scheme)://\(host)\(port)\(path)"
                        let comparable = try ResourceIdentifier(text).comparable
                        #expect(try ResourceIdentifier(comparable).comparable == comparable)
                        #expect(registry.updateValue(text, forKey: comparable) == nil)
                    }
                }
            }
        }
    }

    @Test func `a malformed resource is invalid_target, two spellings of one are fine, two servers are not`()
        throws
    {
        #expect(refusal { try ResourceRule.requested(["https://a.example/#x"]) } == .invalidTarget)
        #expect(try ResourceRule.requested(["https://a.example", "https://A.example/"])?.string == "https://a.example")
        #expect(refusal { try ResourceRule.requested(["https://a.example", "https://b.example"]) } == .invalidTarget)
        #expect(try ResourceRule.requested([]) == nil)
    }

    private func choose(
        _ requested: ResourceIdentifier?, _ usable: [ResourceIdentifier], _ fallback: ResourceIdentifier?
    ) throws(OAuthError) -> ResourceIdentifier {
        try ResourceRule.choose(requested, usable: usable, by: { $0 }, fallback: fallback)
    }

    @Test func `none named: the default, else the only one, else invalid_target`() throws {
        let a = try ResourceIdentifier("https://a.example")
        let b = try ResourceIdentifier("https://b.example/mcp")
        #expect(try choose(nil, [a, b], b) == b)
        #expect(try choose(nil, [a], nil) == a)
        #expect(refusal { try choose(nil, [a, b], nil) } == .invalidTarget)
        #expect(refusal { try choose(nil, [a], b) } == .invalidTarget)
        #expect(refusal { try choose(nil, [], nil) } == .invalidTarget)
    }

    @Test func `the chosen resource is spelled as registered, an unknown one is invalid_target`() throws {
        let registered = try ResourceIdentifier("https://a.example")
        let asked = try ResourceIdentifier("https://A.example:443/")
        #expect(try choose(asked, [registered], nil).string == "https://a.example")
        let other = try ResourceIdentifier("https://c.example")
        #expect(
            refusal { try choose(other, [registered], registered) } == .invalidTarget)
    }

    @Test func `a token request may repeat the approved resource and name no other`() throws {
        let granted = try ResourceIdentifier("https://a.example")
        #expect(ResourceRule.refusal(nil, granted: granted) == nil)
        #expect(ResourceRule.refusal(try ResourceIdentifier("https://a.example/"), granted: granted) == nil)
        #expect(
            ResourceRule.refusal(try ResourceIdentifier("https://b.example"), granted: granted)?.code == .invalidTarget)
    }
}
