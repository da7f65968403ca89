import OAuth
import Testing

@Suite("RFC 8414 issuer identifiers")
struct IssuerTests {
    @Test(arguments: [
        "https://auth.example", "https://auth.example:8443", "https://auth.example/t1", "https://auth.example/a/b",
        "http://localhost:8080", "http://127.0.0.1", "http://[::1]:8080",
    ])
    func `a canonical issuer is accepted unchanged`(text: String) throws {
        #expect(try Issuer(text).string == text)
    }

    @Test(arguments: [
        ("https://Auth.example", "https://auth.example"), ("HTTPS://auth.example", "https://auth.example"),
        ("https://auth.example:443", "https://auth.example"), ("http://localhost:80", "http://localhost"),
        ("https://auth.example/", "https://auth.example"), ("https://auth.example/t1/", "https://auth.example/t1"),
        ("https://auth.example?a=b", "https://auth.example"), ("https://auth.example/t1#x", "https://auth.example/t1"),
        ("https://auth.example//t1", "https://auth.example/t1"),
    ])
    func `another spelling is refused with the canonical one`(text: String, canonical: String) {
        let error = #expect(throws: OAuthValueError.self) { try Issuer(text) }
        #expect(error?.sentence.contains("which is \(canonical) (") == true)
    }

    @Test(arguments: [
        "", "auth.example", "http://auth.example", "http://localhost.example", "http://127.0.0.2", "http://127.1",
        "ftp://localhost", "https://user@auth.example", "https://", "https:///t1", "https://auth.example/a/../b",
        "https://auth.example/%61",
    ])
    func `§2 only https is accepted, http for loopback only`(text: String) {
        #expect(throws: OAuthValueError.self) { try Issuer(text) }
    }

    @Test func `endpoints are below the issuer, including its path`() throws {
        let issuer = try Issuer("https://auth.example:8443/t1")
        #expect(issuer.endpoint("/token") == "https://auth.example:8443/t1/token")
        #expect(
            (issuer.origin, issuer.host, issuer.port, issuer.path) == (
                "https://auth.example:8443", "auth.example", 8443, "/t1"
            ))
        #expect(issuer.isHTTPS)
    }
}
