import JOSE
import OAuth
import Testing

@Suite("OAuth 2.1 §3.1 request parameters")
struct ParametersTests {
    @Test func `Values are decoded as forms are`() throws {
        let parameters = try Parameters(query: "a=1+2&b=%C3%A9%2B&c&d=x=y&&e%5F=z")
        #expect(try parameters.value("a") == "1 2")
        #expect(try parameters.value("b") == "é+")
        #expect(try parameters.value("c") == nil)
        #expect(try parameters.value("d") == "x=y")
        #expect(try parameters.value("e_") == "z")
        #expect(try parameters.value("f") == nil)
    }

    @Test(arguments: ["a=1&a=2", "a=1&a=1", "a=&a=1", "a&a", "a=1&%61=2"])
    func `a repeated parameter is invalid_request, even beside an empty one`(query: String) throws {
        let parameters = try Parameters(query: query)
        #expect(refusal { try parameters.value("a") } == .invalidRequest)
    }

    @Test func `only resource may be repeated`() throws {
        let parameters = try Parameters(query: "resource=a&resource=&resource=b")
        #expect(parameters.values("resource") == ["a", "b"])
    }

    @Test(arguments: ["resource=a&resource=", "resource=&resource=a", "resource&resource=", "resource=a&resource"])
    func `an empty resource beside another is a repetition`(query: String) throws {
        let parameters = try Parameters(query: query)
        #expect(refusal { try parameters.repeated(.resource) } == .invalidRequest)
    }

    @Test func `resource may be repeated with values, and one without a value counts as absent`() throws {
        #expect(try Parameters(query: "resource=a&resource=a").repeated(.resource) == ["a", "a"])
        #expect(try Parameters(query: "resource=").repeated(.resource).isEmpty)
        #expect(try Parameters(query: "x=1").repeated(.resource).isEmpty)
    }

    @Test func `a value is limited by its decoded length`() throws {
        let longest = String(repeating: "%C3%A9", count: 4096)
        #expect(try Parameters(query: "a=" + longest).value("a")?.utf8.count == 8192)
        #expect(refusal { try Parameters(query: "a=" + longest + "x") } == .invalidRequest)
    }

    @Test func `look-alike names are other names`() throws {
        let parameters = try Parameters(query: "to%E2%84%AAen=x")
        #expect(try parameters.value("token") == nil)
    }

    @Test(arguments: ["a=%", "a=%4", "a=%zz", "a=%FF", "a=%C3", "%80=a", "a=%00", "a=%ED%A0%80", "a=%C0%AF"])
    func `Broken escapes, broken UTF-8 and NUL are invalid_request`(query: String) {
        #expect(refusal { try Parameters(query: query) } == .invalidRequest)
    }

    @Test func `too many or too long is invalid_request`() throws {
        let many = (0..<101).map { "p\($0)=1" }.joined(separator: "&")
        #expect(refusal { try Parameters(query: many) } == .invalidRequest)
        #expect(refusal { try Parameters(query: String(repeating: "n", count: 65) + "=1") } == .invalidRequest)
        #expect(refusal { try Parameters(query: "a=" + String(repeating: "n", count: 8193)) } == .invalidRequest)
        #expect(try Parameters(query: "a=" + String(repeating: "n", count: 8192)).value("a")?.count == 8192)
    }

    @Test func `Encoding and decoding are inverse`() throws {
        var generator = SeededGenerator(seed: 42)
        for _ in 0..<200 {
            let scalars = (0..<20).compactMap { _ in Unicode.Scalar(UInt32.random(in: 1...0x2FFF, using: &generator)) }
            let text = String(String.UnicodeScalarView(scalars))
            #expect(PercentEncoding.decode(PercentEncoding.encode(text)) == text)
        }
    }
}

@Suite("OAuth 2.1 §2.4 client authentication")
struct PresentedClientTests {
    private func basic(_ text: String) -> String {
        let letters = Base64URL.encode(Array(text.utf8)).replacing("-", with: "+").replacing("_", with: "/")
        return letters + String(repeating: "=", count: (4 - letters.count % 4) % 4)
    }

    @Test func `A name alone is a public client`() throws {
        let presented = try PresentedClient(form([("client_id", "app")]), authorization: nil)
        #expect(presented.clientID.string == "app" && presented.secret == nil)
    }

    @Test func `a secret in the form or in the header, whose parts are form-encoded`() throws {
        let post = try PresentedClient(form([("client_id", "app"), ("client_secret", "s/1")]), authorization: nil)
        guard case .post = post else {
            Issue.record("not post")
            return
        }
        #expect(post.secret?.reveal() == "s/1")
        let basic = try PresentedClient(form([]), authorization: "bAsIc " + basic("my%3Aapp:s%2F+1"))
        guard case .basic = basic else {
            Issue.record("not basic")
            return
        }
        #expect(basic.clientID.string == "my:app" && basic.secret?.reveal() == "s/ 1")
    }

    @Test func `two methods at once are invalid_request`() throws {
        let header = "Basic " + basic("app:secret")
        let both = try form([("client_secret", "secret")])
        #expect(refusal { try PresentedClient(both, authorization: header) } == .invalidRequest)
        let other = try form([("client_id", "other")])
        #expect(refusal { try PresentedClient(other, authorization: header) } == .invalidRequest)
        let same = try form([("client_id", "app")])
        #expect(try PresentedClient(same, authorization: header).clientID.string == "app")
    }

    @Test func `an empty secret counts as no secret`() throws {
        let presented = try PresentedClient(form([("client_id", "app"), ("client_secret", "")]), authorization: nil)
        guard case .none = presented else {
            Issue.record("an empty secret counted")
            return
        }
    }

    @Test(arguments: ["Bearer abc", "Digest username=app", "Negotiate", "", "basics YXBwOnM="])
    func `an unrelated Authorization scheme is ignored`(header: String) throws {
        let presented = try PresentedClient(form([("client_id", "app")]), authorization: header)
        #expect(presented.clientID.string == "app" && presented.secret == nil)
        let secret = try form([("client_id", "app"), ("client_secret", "s")])
        #expect(refusal { try PresentedClient(secret, authorization: header) } == .invalidClient)
    }

    @Test func `Basic with an empty secret counts as the name alone`() throws {
        let header = "Basic " + basic("app:")
        for pairs in [[], [("client_id", "app")], [("client_id", "app"), ("client_secret", "")]] {
            let presented = try PresentedClient(form(pairs), authorization: header)
            #expect(presented.clientID.string == "app" && presented.secret == nil)
        }
        let both = try form([("client_secret", "s")])
        #expect(refusal { try PresentedClient(both, authorization: header) } == .invalidRequest)
        #expect(refusal { try PresentedClient(form([("client_id", "b")]), authorization: header) } == .invalidRequest)
    }

    @Test func `an empty secret in the form is refused beside one in the header`() throws {
        let empty = try form([("client_id", "app"), ("client_secret", "")])
        #expect(refusal { try PresentedClient(empty, authorization: "Basic " + basic("app:s")) } == .invalidRequest)
    }

    @Test(arguments: ["DPoP abc", "dpop", "DPOP x.y.z"])
    func `DPoP in the Authorization header of a client is an error`(header: String) throws {
        let parameters = try form([("client_id", "app")])
        #expect(refusal { try PresentedClient(ofClient: parameters, authorization: header) } == .invalidRequest)
    }

    @Test(arguments: [
        "Basic", "Basic !!!!", "Basic YXBw", "Bearer abc", "", "Basic YXBwOnM", "Basic YXBwOnM==", "Basic _-8=",
    ])
    func `A broken header is invalid_client`(header: String) throws {
        #expect(refusal { try PresentedClient(form([]), authorization: header) } == .invalidClient)
    }

    @Test func `No client, an impossible one, or an assertion without its type is invalid_client`() throws {
        #expect(refusal { try PresentedClient(form([]), authorization: nil) } == .invalidClient)
        #expect(refusal { try PresentedClient(form([("client_id", "a b")]), authorization: nil) } == .invalidClient)
        let assertion = try form([("client_id", "app"), ("client_assertion", "x")])
        #expect(refusal { try PresentedClient(assertion, authorization: nil) } == .invalidClient)
        let absent = try form([("client_id", "app"), ("client_assertion", ""), ("client_assertion_type", "")])
        #expect(try PresentedClient(absent, authorization: nil).clientID.string == "app")
    }
}
