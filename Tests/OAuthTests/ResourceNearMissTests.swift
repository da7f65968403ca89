import OAuth
import Testing

@Suite("RFC 8707 §2 Resources that differ by little")
struct ResourceNearMissTests {
    private func difference(_ asked: String, _ registered: String) throws -> String? {
        try ResourceNearMiss(ResourceIdentifier(asked), registered: ResourceIdentifier(registered))?.difference
    }

    @Test(arguments: [
        ("https://a.example/mcp/", "https://a.example/mcp", "a slash at the end"),
        ("https://a.example/mcp", "https://a.example/mcp/", "a slash at the end"),
        ("https://a.example/MCP", "https://a.example/mcp", "upper and lower case"),
        ("https://a.example/mcp?v=1", "https://a.example/mcp", "the query"),
        ("https://a.example/mcp", "https://a.example/mcp?v=1", "the query"),
        ("https://a.example", "https://a.example/mcp", "the path behind its host"),
        ("https://a.example/", "https://a.example/mcp", "the path behind its host"),
        ("https://a.example/mcp", "https://a.example/", "the path behind its host"),
        ("https://a.example/Mcp/", "https://a.example/mcp", "upper and lower case and a slash at the end"),
        ("https://a.example/mcp/?x", "https://a.example/mcp", "a slash at the end and the query"),
        ("http://localhost:9000/mcp", "http://127.0.0.1:9000/mcp", "the name of this machine"),
        ("http://[::1]:9000/mcp/", "http://localhost:9000/mcp", "the name of this machine and a slash at the end"),
    ])
    func `a slash, case, the query, the origin and the name of this machine are named`(
        asked: String, registered: String, said: String
    ) throws {
        #expect(try difference(asked, registered) == said)
    }

    @Test(arguments: [
        ("https://a.example/mcp", "https://a.example/mcp"), ("HTTPS://A.example:443/mcp", "https://a.example/mcp"),
        ("https://a.example", "https://a.example/"), ("https://a.example/mcp", "https://b.example/mcp"),
        ("http://a.example/mcp", "https://a.example/mcp"), ("https://a.example:8443/mcp", "https://a.example/mcp"),
        ("http://localhost:9000/mcp", "http://127.0.0.1:9001/mcp"), ("http://localhost/mcp", "https://127.0.0.1/mcp"),
        ("https://a.example/mcp", "https://a.example/mcp2"), ("https://a.example/mcp/x", "https://a.example/mcp"),
    ])
    func `matching identifiers and very different ones are no near miss`(asked: String, registered: String) throws {
        #expect(try difference(asked, registered) == nil)
    }

    @Test func `the nearest is named`() throws {
        let all = try ["https://a.example/", "https://a.example/mcp", "https://b.example/mcp/"].map {
            try ResourceIdentifier($0)
        }
        let near = try ResourceNearMiss.nearest(ResourceIdentifier("https://a.example/mcp/"), among: all)
        #expect(near?.registered.string == "https://a.example/mcp")
        #expect(try ResourceNearMiss.nearest(ResourceIdentifier("https://c.example/mcp"), among: all) == nil)
    }

    @Test func `the refusal of a token request names it too`() throws {
        let granted = try ResourceIdentifier("https://a.example/mcp")
        let refusal = ResourceRule.refusal(try ResourceIdentifier("https://a.example/mcp/"), granted: granted)
        #expect(refusal?.code == .invalidTarget)
        #expect(refusal?.description.contains("https://a.example/mcp, which differs by a slash at the end") == true)
    }
}
