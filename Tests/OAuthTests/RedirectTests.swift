import OAuth
import Testing

@Suite("RFC 8252 §7.3 and OAuth 2.1 §2.3.1 redirect URIs")
struct RedirectTests {
    private func accepts(_ registered: String, _ requested: String, anyPort: Bool = true) throws -> Bool {
        let redirect = try RedirectURI(registered)
        let verified = RedirectRule.verify(requested, registered: [redirect], localhostAnyPort: anyPort)
        #expect(verified.map { $0.uri.string == requested } ?? true)
        return verified != nil
    }

    @Test(arguments: [
        ("http://127.0.0.1/cb", "http://127.0.0.1:54321/cb"), ("http://127.0.0.1:33418/", "http://127.0.0.1:50000/"),
        ("http://127.0.0.1:33418/", "http://127.0.0.1/"), ("http://[::1]/cb", "http://[::1]:5000/cb"),
        ("http://localhost/callback", "http://localhost:3118/callback"),
        ("http://127.0.0.1/cb?a=b", "http://127.0.0.1:1/cb?a=b"), ("https://app.example/cb", "https://app.example/cb"),
        ("com.example.app:/cb", "com.example.app:/cb"), ("https://[2001:db8::1]/cb", "https://[2001:db8::1]/cb"),
        ("https://[1:2:3:4:5:6:7:8]/cb", "https://[1:2:3:4:5:6:7:8]/cb"), ("https://[::]/cb", "https://[::]/cb"),
        ("https://[1::]/cb", "https://[1::]/cb"), ("https://[::ffff:192.0.2.1]/cb", "https://[::ffff:192.0.2.1]/cb"),
        ("https://[1:2:3:4:5:6:192.0.2.1]/cb", "https://[1:2:3:4:5:6:192.0.2.1]/cb"),
    ])
    func `the decision table accepts`(registered: String, requested: String) throws {
        #expect(try accepts(registered, requested))
    }

    @Test(arguments: [
        ("http://127.0.0.1/cb", "http://localhost:1/cb"), ("http://localhost/cb", "http://127.0.0.1:1/cb"),
        ("http://localhost/cb", "http://localhost/cb?x=1"), ("http://localhost/cb", "http://localhost/cb/"),
        ("http://localhost/cb", "http://localhost/CB"), ("http://localhost/cb", "http://localhost/cb/../cb"),
        ("http://localhost/cb", "http://localhost:80@evil.example/cb"),
        ("http://localhost/cb", "http://localhost.evil.example/cb"), ("http://localhost/cb", "http://LOCALHOST/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1.nip.io/cb"), ("http://127.0.0.1/cb", "http://2130706433/cb"),
        ("http://127.0.0.1/cb", "http://0177.0.0.1/cb"), ("http://127.0.0.1/cb", "http://127.1/cb"),
        ("http://127.0.0.1/cb", "https://127.0.0.1/cb"), ("http://127.0.0.1/cb", "HTTP://127.0.0.1/cb"),
        ("http://[::1]/cb", "http://[0:0:0:0:0:0:0:1]/cb"), ("http://127.0.0.1/cb", "http://127.0.0.1:/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:0/cb"), ("http://127.0.0.1/cb", "http://127.0.0.1:080/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:99999/cb"), ("http://127.0.0.1/cb", "http://127.0.0.1:1/cb#"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:1\\@evil.example/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0%2E1/cb"),
        ("https://app.example/cb", "https://app.example:443/cb"), ("https://app.example/cb", "https://APP.example/cb"),
        ("https://app.example/cb", "https://app.example:8443/cb"),
        ("https://app.example/cb", "https://app.example/cb/"),
        ("https://app.example/cb", "https://app.example.evil/cb"),
        ("https://app.example/cb", "https://app.example/%63b"),
        ("https://localhost/cb", "https://localhost:8443/cb"), ("com.example.app:/cb", "com.example.app:/cb/x"),
    ])
    func `a redirect that differs in more than its loopback port is refused`(registered: String, requested: String)
        throws
    {
        #expect(try !accepts(registered, requested))
    }

    @Test func `the name localhost is switchable, the addresses are not`() throws {
        #expect(try !accepts("http://localhost/cb", "http://localhost:3118/cb", anyPort: false))
        #expect(try accepts("http://localhost:3118/cb", "http://localhost:3118/cb", anyPort: false))
        #expect(try accepts("http://127.0.0.1/cb", "http://127.0.0.1:3118/cb", anyPort: false))
        #expect(try accepts("http://[::1]/cb", "http://[::1]:3118/cb", anyPort: false))
    }

    @Test(arguments: [
        "https://app.example/cb?a=b", "http://127.0.0.1/cb", "http://localhost:33418/cb", "http://[::1]/cb",
    ])
    func `a redirect with one byte changed, added or removed is refused`(registered: String) throws {
        let redirect = try RedirectURI(registered)
        let bytes = Array(registered.utf8)
        for mutated in mutations(of: bytes) where mutated != bytes {
            let text = String(decoding: mutated, as: UTF8.self)
            guard let verified = RedirectRule.verify(text, registered: [redirect], localhostAnyPort: true) else {
                continue
            }
            // The one thing that may differ is the number of a loopback port.
            #expect(
                redirect.kind == .loopback && withoutPort(text) == withoutPort(registered), "\(verified) from \(text)")
        }
    }

    private func mutations(of bytes: [UInt8]) -> [[UInt8]] {
        var all: [[UInt8]] = []
        for index in 0...bytes.count {
            for byte in UInt8.min...UInt8.max {
                all.append(bytes[..<index] + [byte] + bytes[index...])
                if index < bytes.count { all.append(bytes[..<index] + [byte] + bytes[(index + 1)...]) }
            }
            if index < bytes.count { all.append(Array(bytes[..<index] + bytes[(index + 1)...])) }
        }
        return all
    }

    /// Cuts a port of digits after the host, by other means than the rule does.
    private func withoutPort(_ text: String) -> String {
        text.replacing(/^(http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])):[1-9][0-9]{0,4}(?=\/)/) { String($0.output.1) }
    }

    @Test(arguments: [
        "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "\tjavascript:alert(1)", "java\nscript:x",
        "data:text/html,x", "DATA:text/html,x", "vbscript:x", "file:///etc/passwd", "blob:https://a.example/x",
        "about:blank", "Javascript://anysphere/cb", "my_app:/cb", "http://app.example/cb", "//app.example/cb", "/cb",
        "",
        "*",
        "https://*.example/cb", "https://user:secret@app.example/cb", "https://app.example/cb#",
        "https://app.example/c b",
        "https://äpp.example/cb", "https://app.example\\@evil.example/", "https://app.example%2F@evil/", "https:///cb",
        "https:app.example/cb", "HTTPS://app.example/cb", "com.example.app:", "https://app.example/[x]",
        "https://app.example/cb?[a", "https://app.example//[::1]:80/", "https://[::ffff::1]/cb", "https://[:::]/cb",
        "https://[1:2:3]/cb", "https://[1:2:3:4:5:6:7:8:9]/cb", "https://[12345::]/cb", "https://[1.2.3.4]/cb",
        "https://[1.2.3.4::]/cb", "https://[::1.2.3.256]/cb", "https://[::1.2.3.04]/cb",
        "https://[1:2:3:4:5:6:7:8::]/cb",
    ])
    func `an ambiguous or unsafe URI is refused as redirect URI`(text: String) {
        #expect(throws: OAuthValueError.self) { try RedirectURI(text) }
    }

    @Test(arguments: [
        "code=x", "state=", "iss", "error=a", "a=b&code=x", "c%6Fde=x", "CODE=x", "a=b;iss=x", "code[]=x",
        "code%5B%5D=x", "%63ode%5b0%5D=x", "error_description=x", "id_token=x", "access_token=x", "response=x",
    ])
    func `a redirect that brings response parameters of its own is refused`(query: String) {
        #expect(throws: OAuthValueError.self) { try RedirectURI("https://app.example/cb?\(query)") }
    }

    @Test func `other query parameters are permitted`() throws {
        #expect(try RedirectURI("https://app.example/cb?encode=1&states=2&a=code").kind == .https)
    }

    @Test func `a redirect may be omitted if exactly one is registered`() throws {
        let one = try RedirectURI("https://app.example/cb")
        let other = try RedirectURI("https://app.example/other")
        #expect(RedirectRule.verify(nil, registered: [one], localhostAnyPort: true)?.uri == one)
        #expect(RedirectRule.verify(nil, registered: [one, other], localhostAnyPort: true) == nil)
        #expect(RedirectRule.verify(nil, registered: [], localhostAnyPort: true) == nil)
        #expect(RedirectRule.verify("", registered: [one], localhostAnyPort: true) == nil)
    }

    @Test func `Two runs of a native app differ in their port alone`() throws {
        let one = try RedirectURI("http://127.0.0.1:1000/cb?a")
        #expect(one.withoutLoopbackPort == (try RedirectURI("http://127.0.0.1:2000/cb?a")).withoutLoopbackPort)
        #expect(one.withoutLoopbackPort != (try RedirectURI("http://localhost:1000/cb?a")).withoutLoopbackPort)
        #expect(try RedirectURI("https://app.example:8443/cb").withoutLoopbackPort == "https://app.example:8443/cb")
    }
}
