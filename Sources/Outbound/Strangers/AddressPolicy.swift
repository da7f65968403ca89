package import NIOCore

/// Decides which addresses may be dialled. It compares bytes, never spellings, which attackers vary.
///
/// Spec: RFC 6890 §2.2
package enum AddressPolicy {
    /// Whether a stranger's name may resolve to this address (4 or 16 bytes): global unicast only.
    package static func isGlobal(_ address: [UInt8]) -> Bool {
        switch address.count {
        case 4: !deniedIPv4.contains { $0.contains(address) }
        case 16:
            globalIPv6.contains(address) && !deniedIPv6.contains { $0.contains(address) } && !isISATAP(address)
                && !CloudMetadata.isNamed(by: address)
        default: false
        }
    }

    /// Whether a stranger's name may resolve to this socket address.
    package static func isGlobal(_ address: SocketAddress) -> Bool {
        isGlobal(bytes(of: address))
    }

    /// Whether these 4 or 16 bytes are a loopback address: 127.0.0.0/8 or ::1.
    package static func isLoopback(_ address: [UInt8]) -> Bool {
        switch address.count {
        case 4: address[0] == 127
        case 16: address.dropLast().allSatisfy { $0 == 0 } && address[15] == 1
        default: false
        }
    }

    /// Whether this socket address is a loopback address.
    package static func isLoopback(_ address: SocketAddress) -> Bool {
        isLoopback(bytes(of: address))
    }

    /// Whether a name that an operator configured may resolve to this address. Private networks are permitted; cloud metadata,
    /// link-local, multicast and unspecified addresses never are.
    package static func isOperable(_ address: [UInt8]) -> Bool {
        switch address.count {
        case 4: !neverOperableIPv4.contains { $0.contains(address) } && !CloudMetadata.isNamed(by: address)
        case 16:
            isLoopback(address)
                || !neverOperableIPv6.contains { $0.contains(address) } && !CloudMetadata.isNamed(by: address)
        default: false
        }
    }

    /// The IP address of a socket address: 4 or 16 bytes, or none for a Unix socket.
    package static func bytes(of address: SocketAddress) -> [UInt8] {
        // The offsets of sin_addr and sin6_addr in the system's structures.
        let place: Range<Int>
        switch address {
        case .v4: place = 4..<8
        case .v6: place = 8..<24
        case .unixDomainSocket: return []
        }
        return address.withSockAddr { pointer, size in
            Array(UnsafeRawBufferPointer(start: pointer, count: size)[place])
        }
    }

    private static let deniedIPv4: [AddressBlock] = [
        AddressBlock([0], 8),  // this network
        AddressBlock([10], 8),  // private
        AddressBlock([100, 64], 10),  // shared by carriers
        AddressBlock([127], 8),  // loopback
        AddressBlock([169, 254], 16),  // link-local, and most metadata services
        AddressBlock([172, 16], 12),  // private
        AddressBlock([192, 0, 0], 24),  // protocol assignments
        AddressBlock([192, 0, 2], 24),  // documentation
        AddressBlock([192, 88, 99], 24),  // 6to4 relays
        AddressBlock([192, 168], 16),  // private
        AddressBlock([198, 18], 15),  // benchmarks
        AddressBlock([198, 51, 100], 24),  // documentation
        AddressBlock([203, 0, 113], 24),  // documentation
        AddressBlock([224], 4),  // multicast
        AddressBlock([240], 4),  // reserved, broadcast
        CloudMetadata.azureWireServer,
    ]

    private static let globalIPv6 = AddressBlock([0x20], 3)

    /// Exceptions within the global block: addresses that embed another one, and reserved ones.
    private static let deniedIPv6: [AddressBlock] = [
        AddressBlock([0x20, 0x01], 23),  // protocol assignments: Teredo, ORCHID, benchmarks
        AddressBlock([0x20, 0x01, 0x0d, 0xb8], 32),  // documentation
        AddressBlock([0x20, 0x02], 16),  // 6to4
        AddressBlock([0x3f, 0xff], 20),  // documentation
    ]

    private static let neverOperableIPv4: [AddressBlock] = [
        AddressBlock([0], 8), AddressBlock([169, 254], 16), AddressBlock([224], 4), AddressBlock([240], 4),
    ]

    private static let neverOperableIPv6: [AddressBlock] = [
        AddressBlock([], 96),  // unspecified and IPv4-compatible
        AddressBlock([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff], 96),  // IPv4-mapped: judged as IPv4 or not at all
        AddressBlock([0xfe, 0x80], 10),  // link-local
        AddressBlock([0xff], 8),  // multicast
    ]

    /// Whether the interface identifier carries an IPv4 address by ISATAP.
    ///
    /// Spec: RFC 5214 §6.1
    private static func isISATAP(_ address: [UInt8]) -> Bool {
        (address[8] == 0x00 || address[8] == 0x02) && address[9...11].elementsEqual([0x00, 0x5e, 0xfe])
    }
}

/// A prefix of an address space.
struct AddressBlock: Sendable {
    let prefix: [UInt8]
    let bits: Int

    init(_ prefix: [UInt8], _ bits: Int) {
        self.prefix = prefix
        self.bits = bits
    }

    func contains(_ address: [UInt8]) -> Bool {
        guard bits <= address.count * 8 else { return false }
        let whole = bits / 8
        for index in 0..<whole where address[index] != byte(index) { return false }
        guard bits % 8 > 0 else { return true }
        let mask = UInt8(truncatingIfNeeded: 0xff00 >> (bits % 8))
        return address[whole] & mask == byte(whole) & mask
    }

    private func byte(_ index: Int) -> UInt8 {
        index < prefix.count ? prefix[index] : 0
    }
}
