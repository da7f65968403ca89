import Testing

@testable import Outbound

@Suite("Lists of hosts")
struct HostListsTests {
    @Test(
        "a pattern covers what it says and no more",
        arguments: [
            ("*", "a.example", true), ("client.example", "client.example", true),
            ("Client.Example", "client.example", true),
            ("client.example", "a.client.example", false), ("*.client.example", "a.client.example", true),
            ("*.client.example", "b.a.client.example", true), ("*.client.example", "client.example", false),
            ("*.client.example", "evilclient.example", false), ("client.example", "client.example.evil.test", false),
        ])
    func pattern(pattern: String, host: String, expected: Bool) throws {
        #expect(try HostPattern(pattern).matches(host) == expected)
    }

    @Test(
        "an entry that cannot be understood is named",
        arguments: ["", "*.", "**", "*example.com", "a.*.example", "https://a.example", "10.0.0.1", "a.example:443"])
    func badPattern(entry: String) {
        #expect(throws: HostListError(entry: entry, expected: "*, example.com or *.example.com")) {
            try HostPattern(entry)
        }
    }

    @Test(
        "a private host needs its port and is a name",
        arguments: [
            "", "a.example", "a.example:", "a.example:0", "10.0.0.1:443", "[::1]:443", "*.a.example:443", ":443",
        ])
    func badHostPort(entry: String) {
        #expect(throws: HostListError(entry: entry, expected: "host:port")) { try HostPort(entry) }
    }

    @Test func `an operator's rule wins over the lists, and block over allow`() throws {
        let policy = try FetchPolicy(allow: ["*.example"], block: ["bad.example"])
        #expect(policy.permits("good.example", rule: nil))
        #expect(!policy.permits("bad.example", rule: nil))
        #expect(!policy.permits("other.test", rule: nil))
        #expect(policy.permits("bad.example", rule: .allow))
        #expect(policy.permits("other.test", rule: .allow))
        #expect(!policy.permits("good.example", rule: .block))
        #expect(try !FetchPolicy(allow: []).permits("good.example", rule: nil))
    }

    @Test func `the size is capped at 64 KiB whatever is configured`() throws {
        #expect(try FetchPolicy().maximumSize == 16_384)
        #expect(try FetchPolicy(maximumSize: 1 << 30).maximumSize == 65_536)
    }
}
