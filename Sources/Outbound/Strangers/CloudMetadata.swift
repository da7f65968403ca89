/// The addresses of cloud metadata services. No request ever goes to one, even if an operator configured the URL: the
/// response could contain the machine's credentials.
enum CloudMetadata {
    /// Azure's wire server has a public address but is local to each machine.
    static let azureWireServer = AddressBlock([168, 63, 129, 16], 32)

    /// Whether these 4 or 16 bytes are such an address, or an IPv6 address that embeds one.
    static func isNamed(by address: [UInt8]) -> Bool {
        if address.count == 4 { return ipv4.contains { $0.contains(address) } }
        guard address.count == 16 else { return false }
        return ipv6.contains { $0.contains(address) }
            || carried(in: address).contains { inner in ipv4.contains { $0.contains(inner) } }
    }

    private static let ipv4: [AddressBlock] = [
        AddressBlock([169, 254], 16),  // EC2, GCP, Azure, Oracle, OpenStack and most others; ECS and EKS credentials
        azureWireServer,
        AddressBlock([100, 100, 100, 200], 32),  // Alibaba, inside of the space that carriers share
        AddressBlock([192, 0, 0, 192], 32),  // Oracle Classic
    ]

    private static let ipv6: [AddressBlock] = [
        AddressBlock([0xfd, 0x00, 0x0e, 0xc2], 32),  // EC2: metadata, EKS credentials, resolver, clock
        AddressBlock([0xfd, 0x20, 0x00, 0xce], 32),  // GCP
        AddressBlock([0xfd, 0x00, 0x00, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x42], 128),  // Scaleway
    ]

    /// The IPv4 addresses that an IPv6 address may embed.
    ///
    /// Spec: RFC 6052 §2.2
    private static func carried(in address: [UInt8]) -> [[UInt8]] {
        // The last four bytes: NAT64 behind any prefix of 96 bits, mapped, compatible, ISATAP, and clouds' own addresses,
        // which repeat 169.254.169.254 there.
        var inner = [Array(address[12...])]
        if local.contains(address) {
            // The local-use prefix permits these lengths only; byte 8 is always skipped.
            inner += [[6, 7, 9, 10], [7, 9, 10, 11], [9, 10, 11, 12]].map { $0.map { address[$0] } }
        }
        if sixToFour.contains(address) { inner.append(Array(address[2..<6])) }
        if teredo.contains(address) { inner.append(address[12...].map { ~$0 }) }
        return inner
    }

    /// Spec: RFC 8215 §3
    private static let local = AddressBlock([0x00, 0x64, 0xff, 0x9b, 0x00, 0x01], 48)
    /// Spec: RFC 3056 §2
    private static let sixToFour = AddressBlock([0x20, 0x02], 16)
    /// Spec: RFC 4380 §4
    private static let teredo = AddressBlock([0x20, 0x01, 0, 0], 32)
}
