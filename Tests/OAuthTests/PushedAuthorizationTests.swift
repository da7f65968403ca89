import JOSE
import OAuth
import Testing

@Suite("RFC 9126 pushed authorization requests: the request and its URI")
struct PushedAuthorizationTests {
    private func query(_ form: String) throws -> String {
        try PushedAuthorization.query(Parameters(form: Array(form.utf8)), of: ClientID("app"))
    }

    @Test func `credentials and unknown parameters of a push are not stored`() throws {
        let stored = try query(
            "client_id=app&client_secret=hunter2&client_assertion=a.b.c&client_assertion_type=t&password=p&grant_type=x"
                + "&response_type=code&state=a%26b%3Dc&code_challenge=x&scope=r+w&nonce=n")
        #expect(stored == "client_id=app&response_type=code&scope=r%20w&state=a%26b%3Dc&code_challenge=x")
    }

    @Test func `the stored request reads as the pushed one`() throws {
        let form =
            "response_type=code&redirect_uri=https%3A%2F%2Fa.example%2Fcb%3Fq%3D1&scope=files%3Aread&state=%C3%A9+%2B%25"
            + "&resource=https%3A%2F%2Fmcp.example%2Fa&code_challenge=" + String(repeating: "c", count: 43)
            + "&code_challenge_method=S256&prompt=login&max_age=60&acr_values=urn%3Aa&login_hint=ada"
        let direct = try Parameters(form: Array("client_id=app&\(form)".utf8))
        let stored = try Parameters(query: query(form))
        #expect(try AuthorizationRequest(stored) == AuthorizationRequest(direct))
        #expect(try ClientAndRedirect(stored) == ClientAndRedirect(direct))
        #expect(try stored.value(.loginHint) == "ada")
    }

    @Test func `request_uri is refused in a push, even empty, and so is a request object`() {
        for (form, code) in [
            ("request_uri=urn:ietf:params:oauth:request_uri:abc", OAuthError.Code.invalidRequest),
            ("request_uri=", .invalidRequest), ("request=e30", .requestNotSupported),
            ("request=e30&request=e30", .invalidRequest), ("state=a&state=b", .invalidRequest),
        ] {
            #expect(refusal { try query(form) } == code, "\(form)")
        }
        #expect(throws: Never.self) { try query("request=&state=a") }
    }

    @Test func `a request_uri has 256 random bits and one spelling`() throws {
        let uri = PushedRequestURI.random()
        let text = uri.reveal()
        #expect(text.hasPrefix("urn:ietf:params:oauth:request_uri:") && text.count == 34 + 43)
        #expect(PushedRequestURI(text) == uri && PushedRequestURI(text)?.digest == Digest.sha256(text))
        #expect(PushedRequestURI.random() != uri && !"\(uri)".contains(text))
        // The last of 43 characters has two unused bits: other letters would decode to the same bytes.
        for other in [
            String(text.dropLast()), text + "A", text.uppercased(), " " + text, text + "=",
            String(text.dropLast()) + "B",
            "URN:" + String(text.dropFirst(4)), "https://a.example/request",
        ] {
            #expect(PushedRequestURI(other) == nil, "\(other)")
        }
    }
}
