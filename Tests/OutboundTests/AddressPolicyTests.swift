import NIOCore
import Testing

@testable import Outbound

@Suite("RFC 6890 special-use addresses")
struct AddressPolicyTests {
    static let refused = [
        // IPv4: the first and the last of each block, and what sits in it.
        "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.100.100.200", "100.127.255.255",
        "127.0.0.0", "127.0.0.1", "127.255.255.255", "169.254.0.0", "169.254.169.254", "169.254.255.255", "172.16.0.0",
        "172.31.255.255", "192.0.0.0", "192.0.0.170", "192.0.0.255", "192.0.2.0", "192.0.2.255", "192.88.99.0",
        "192.88.99.255", "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.0",
        "198.51.100.255", "203.0.113.0", "203.0.113.255", "224.0.0.0", "239.255.255.255", "240.0.0.0",
        "255.255.255.255", "168.63.129.16",
        // IPv6 outside of the global block.
        "::", "::1", "::2", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:8.8.8.8",
        "64:ff9b::127.0.0.1", "64:ff9b::8.8.8.8", "64:ff9b:1::a9fe:a9fe", "100::1", "1fff:ffff::1", "4000::1",
        "5f00::1",
        "8000::1", "fc00::1", "fd00:ec2::254", "fdff::1", "fe80::1", "febf::1", "fec0::1", "feff::1", "ff02::1",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        // IPv6 inside of it.
        "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:2::1", "2001:10::1", "2001:20::1", "2001:1ff:ffff::1",
        "2001:db8::1", "2001:db8:ffff::1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "3fff::1", "3fff:fff::1",
        "2a00:1450:4001:800:0:5efe:7f00:1", "2a00:1450:4001:800:200:5efe:a00:1",
    ]

    static let global = [
        "1.0.0.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0",
        "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
        "198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0", "223.255.255.255", "168.63.129.15",
        "2000::1", "2001:200::1", "2001:4860:4860::8888", "2001:db7::1", "2001:db9::1", "2003::1",
        "2a00:1450:4001:800::1",
        "2606:4700:4700::1111", "3ffe::1", "3fff:1000::1", "2a00:1450:4001:800:100:5efe:7f00:1",
    ]

    @Test("§3.5 refuses what is not global unicast", arguments: refused)
    func refuses(spelling: String) throws {
        #expect(!AddressPolicy.isGlobal(try SocketAddress(ipAddress: spelling, port: 443)))
    }

    @Test("§3.5 takes the neighbours of every refused block", arguments: global)
    func takes(spelling: String) throws {
        #expect(AddressPolicy.isGlobal(try SocketAddress(ipAddress: spelling, port: 443)))
    }

    @Test func `judges bytes, and nothing that is neither 4 nor 16 of them`() throws {
        #expect(AddressPolicy.isGlobal([8, 8, 8, 8]))
        #expect(!AddressPolicy.isGlobal([127, 0, 0, 1]))
        #expect(!AddressPolicy.isGlobal([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 8, 8, 8, 8]))
        for count in [0, 1, 3, 5, 8, 15, 17] {
            #expect(!AddressPolicy.isGlobal([UInt8](repeating: 0x20, count: count)))
        }
        #expect(!AddressPolicy.isGlobal(try SocketAddress(unixDomainSocketPath: "/run/some.sock")))
        let address = try SocketAddress(ipAddress: "2001:db8::8:7", port: 1)
        #expect(AddressPolicy.bytes(of: address) == [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 7])
        #expect(AddressPolicy.bytes(of: try SocketAddress(ipAddress: "1.2.3.4", port: 1)) == [1, 2, 3, 4])
    }

    @Test(
        "an operator's name may lead to private networks, never to a metadata service or a group",
        arguments: [
            ("10.0.0.1", true), ("127.0.0.1", true), ("192.168.1.1", true), ("8.8.8.8", true), ("::1", true),
            ("fd12::1", true), ("2606:4700::1", true), ("0.0.0.0", false), ("169.254.169.254", false),
            ("168.63.129.16", false), ("224.0.0.1", false), ("255.255.255.255", false), ("::", false),
            ("::ffff:169.254.169.254", false), ("fe80::1", false), ("ff02::1", false), ("fd00:ec2::254", false),
        ])
    func operable(spelling: String, expected: Bool) throws {
        let address = try SocketAddress(ipAddress: spelling, port: 443)
        #expect(AddressPolicy.isOperable(AddressPolicy.bytes(of: address)) == expected)
    }

    @Test func `knows the machine itself`() {
        #expect(AddressPolicy.isLoopback([127, 9, 9, 9]))
        #expect(AddressPolicy.isLoopback([UInt8](repeating: 0, count: 15) + [1]))
        #expect(!AddressPolicy.isLoopback([128, 0, 0, 1]))
        #expect(!AddressPolicy.isLoopback([UInt8](repeating: 0, count: 16)))
    }
}
