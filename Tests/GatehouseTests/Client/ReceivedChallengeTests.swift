import MCPClient
import Testing

@Suite("Challenges of a WWW-Authenticate field, as a client reads them")
struct ReceivedChallengeTests {
    @Test func `parameters are read with and without quotes, in any spelling of their names`() throws {
        let field =
            #"Bearer error="invalid_token", Scope="files:read files:write", max_age=300, resource_metadata = "http://h/m""#
        let challenge = try #require(ReceivedChallenge.forTokens(in: [field]))
        #expect(challenge.scheme == "Bearer" && challenge["error"] == "invalid_token")
        #expect(challenge["scope"] == "files:read files:write" && challenge["max_age"] == "300")
        #expect(challenge["RESOURCE_METADATA"] == "http://h/m" && challenge["realm"] == nil)
    }

    @Test func `a quoted comma, an escaped quote and a parameter inside a value end nothing`() throws {
        let field = #"Bearer error_description="say \"no\", resource_metadata=x", scope="a""#
        let challenge = try #require(ReceivedChallenge.forTokens(in: [field]))
        #expect(challenge["error_description"] == #"say "no", resource_metadata=x"#)
        #expect(challenge["scope"] == "a" && challenge["resource_metadata"] == nil)
    }

    @Test func `several challenges in one field or in several are told apart, and Bearer comes before DPoP`() throws {
        let one = #"Basic realm="a", Negotiate oRQwEqADCgEA=, DPoP algs="ES256", Bearer scope="b""#
        #expect(ReceivedChallenge.all(in: one).map(\.scheme) == ["Basic", "Negotiate", "DPoP", "Bearer"])
        #expect(ReceivedChallenge.forTokens(in: [one])?["scope"] == "b")
        #expect(ReceivedChallenge.forTokens(in: ["Negotiate", #"DPoP algs="ES256""#])?["algs"] == "ES256")
        #expect(ReceivedChallenge.forTokens(in: [#"Basic realm="Bearer""#]) == nil)
    }

    @Test(arguments: ["", ",", "=", "\"", "Bearer =", "Bearer scope", "Bearer scope=\"a", "x=1", "Bearer scope=é"])
    func `a malformed field is read as far as it goes`(_ field: String) {
        let read = ReceivedChallenge.all(in: field)
        #expect(read.count <= 2)
    }
}
