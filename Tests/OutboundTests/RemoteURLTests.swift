import Testing

@testable import Outbound

@Suite("RFC 3986 URLs that are dialled")
struct RemoteURLTests {
    static let refused: [(url: String, error: RemoteURLError)] = [
        ("", .scheme), ("client.example/x", .scheme), ("http://client.example/x", .scheme),
        ("HTTPS://client.example/x", .scheme), ("http+unix://%2Ftmp%2Fx.sock/", .scheme),
        ("file:///etc/passwd", .scheme),
        ("ftp://client.example/x", .scheme), ("https:/client.example/x", .scheme), ("https:client.example", .scheme),
        ("https:///x", .host), ("https://", .host), ("https://client.example", .path),
        ("https://client.example?x", .path), ("https://user@client.example/x", .user),
        ("https://user:pw@client.example/x", .user), ("https://@client.example/x", .user),
        ("https://127.0.0.1:443@client.example/x", .user), ("https://client.example/x#f", .fragment),
        ("https://client.example/#", .fragment), ("https://client.example#/x", .fragment),
        ("https://client.example/./x", .dotSegment), ("https://client.example/../x", .dotSegment),
        ("https://client.example/a/..", .dotSegment), ("https://client.example/a/.", .dotSegment),
        ("https://client.example/a/%2e%2E/x", .dotSegment), ("https://client.example/.%2e/x", .dotSegment),
        ("https://client.example/%2E/x", .dotSegment), ("https://localhost/x", .host), ("https://intranet/x", .host),
        ("https://client.example./x", .host), ("https://.client.example/x", .host),
        ("https://client..example/x", .host), ("https://-client.example/x", .host),
        ("https://client-.example/x", .host), ("https://cli_ent.example/x", .host), ("https://127.0.0.1/x", .host),
        ("https://127.1/x", .host), ("https://2130706433/x", .host), ("https://0x7f000001/x", .host),
        ("https://0x7f.0.0.1/x", .host), ("https://0177.0.0.1/x", .host), ("https://client.0x1/x", .host),
        ("https://client.1/x", .host), ("https://169.254.169.254/latest/", .host), ("https://[::1]/x", .host),
        ("https://[::ffff:127.0.0.1]/x", .host), ("https://[::1/x", .host), ("https://::1/x", .host),
        ("https://[client.example]/x", .host), ("https://client.example:/x", .port),
        ("https://client.example:0/x", .port),
        ("https://client.example:0443/x", .port), ("https://client.example:65536/x", .port),
        ("https://client.example:+443/x", .port), ("https://client.example:443x/x", .port),
        ("https://client.example:443:443/x", .host), ("https://cli%65nt.example/x", .host),
        ("https://client.example\\@evil.example/x", .user), ("https://client.example\\evil/x", .host),
        ("https://client.example/\\x", .character), ("https://client.example/a b", .character),
        (" https://client.example/x", .character), ("https://client.example/x\n", .character),
        ("https://client.example/\r\nHost:%20x", .character), ("https://client.example/\u{0}", .character),
        ("https://client.example/\u{e9}", .character), ("https://\u{24db}lient.example/x", .character),
        ("https://client.example/%", .character), ("https://client.example/%4", .character),
        ("https://client.example/%zz", .character), ("https://client.example/<x>", .character),
        ("https://client.example/x?a=\"b\"", .character),
        ("https://" + String(repeating: "a", count: 64) + ".example/x", .host),
        ("https://" + String(repeating: "a.", count: 126) + "example/x", .host),
        ("https://client.example/" + String(repeating: "x", count: 2048), .length),
    ]

    @Test("refuses every form but the plain one", arguments: refused)
    func refuses(url: String, error: RemoteURLError) {
        #expect(throws: error) { try RemoteURL(stranger: url) }
    }

    @Test func `takes a name of two labels with path, port and query apart`() throws {
        let url = try RemoteURL(stranger: "https://Client.Example:8443/a/b%20c;v=1/?q=/?")
        #expect(url.string == "https://Client.Example:8443/a/b%20c;v=1/?q=/?")
        #expect(url.host == "client.example")
        #expect(url.port == 8443)
        #expect(url.target == "/a/b%20c;v=1/?q=/?")
        #expect(url.hostField == "client.example:8443")
        #expect(url.origin == "https://client.example:8443")
        #expect(url.isSecure)
        #expect(!url.isLiteral)
        #expect(try RemoteURL(stranger: "https://xn--bcher-kva.example/").port == 443)
        #expect(try RemoteURL(stranger: "https://client.example/..x/...").target == "/..x/...")
    }

    @Test func `two spellings are two URLs`() throws {
        let plain = try RemoteURL(stranger: "https://client.example/x")
        #expect(try RemoteURL(stranger: "https://client.example:443/x") != plain)
        #expect(try RemoteURL(stranger: "https://client.example/x?") != plain)
        #expect(try RemoteURL(stranger: "https://CLIENT.example/x") != plain)
        #expect(try RemoteURL(stranger: "https://client.example/x") == plain)
    }

    @Test func `a name of one label is taken only when private_hosts lists it with this port`() throws {
        let listed: Set<HostPort> = [try HostPort("localhost:8443")]
        #expect(try RemoteURL(stranger: "https://localhost:8443/x", privateHosts: listed).host == "localhost")
        #expect(throws: RemoteURLError.host) {
            try RemoteURL(stranger: "https://localhost:8444/x", privateHosts: listed)
        }
        #expect(throws: RemoteURLError.scheme) {
            try RemoteURL(stranger: "http://localhost:8443/x", privateHosts: listed)
        }
    }

    @Test(
        "an operator's URL may be a literal or one label, and plain http for this machine only",
        arguments: [
            ("https://10.0.0.1/x", true), ("https://[fd00::1]:8443/x", true), ("https://intranet", true),
            ("https://events.example/e?x=1", true), ("http://localhost:8080", true), ("http://127.0.0.1:8080/x", true),
            ("http://[::1]:8080/x", true), ("http://a.localhost/", true), ("http://10.0.0.1/x", false),
            ("http://events.example/x", false), ("http://localhost.example/x", false), ("http://127.1/x", false),
            ("http://2130706433/x", false), ("http://0x7f.1/x", false), ("http://0177.0.0.1/x", false),
            ("http://[::ffff:127.0.0.1]/x", false), ("https://u:p@events.example/x", false),
            ("https://events.example/x#f", false), ("https://events.example/../x", false),
            ("http://[fe80::1%25lo]/x", false), ("http+unix://%2Ftmp%2Fx/", false), ("https://::1/x", false),
        ])
    func operators(url: String, expected: Bool) {
        #expect(((try? RemoteURL(operator: url)) != nil) == expected)
    }

    @Test func `an operator's URL without a path asks for the root, and keeps its query`() throws {
        #expect(try RemoteURL(operator: "https://events.example").target == "/")
        #expect(try RemoteURL(operator: "https://events.example?a=b").target == "/?a=b")
        #expect(try RemoteURL(operator: "https://[fd00::1]:8443/").hostField == "[fd00::1]:8443")
        #expect(try RemoteURL(operator: "http://localhost/").port == 80)
    }
}
