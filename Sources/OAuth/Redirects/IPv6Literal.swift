/// The syntax of an IPv6 address in a URI, without brackets and zone.
enum IPv6Literal {
    /// Whether these bytes are an IPv6 address: eight groups, with at most one `::`, the last two possibly as IPv4.
    static func isValid(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let gap = gap(in: bytes) else { return count(groups(bytes)) == 8 }
        let (front, back) = (groups(bytes[..<gap]), groups(bytes[(gap + 2)...]))
        // A group before the gap is never the last one, so it cannot be IPv4.
        guard front.allSatisfy(isGroup), let rest = count(back) else { return false }
        return front.count + rest <= 7
    }

    private static func gap(in bytes: ArraySlice<UInt8>) -> Int? {
        bytes.indices.dropLast().first { bytes[$0] == UInt8(ascii: ":") && bytes[$0 + 1] == UInt8(ascii: ":") }
    }

    private static func groups(_ bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        bytes.isEmpty ? [] : bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    }

    /// The number of 16-bit groups; nil if one is malformed.
    private static func count(_ groups: [ArraySlice<UInt8>]) -> Int? {
        guard let last = groups.last, isIPv4(last) else { return groups.allSatisfy(isGroup) ? groups.count : nil }
        return groups.dropLast().allSatisfy(isGroup) ? groups.count + 1 : nil
    }

    private static func isGroup(_ bytes: ArraySlice<UInt8>) -> Bool {
        (1...4).contains(bytes.count) && bytes.allSatisfy(\.isASCIIHexDigit)
    }

    private static func isIPv4(_ bytes: ArraySlice<UInt8>) -> Bool {
        let numbers = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return numbers.count == 4
            && numbers.allSatisfy { digits in
                (1...3).contains(digits.count) && digits.allSatisfy(\.isASCIIDigit)
                    && (digits.count == 1 || digits.first != UInt8(ascii: "0"))
                    && digits.reduce(0) { $0 * 10 + Int($1 - 0x30) } <= 255
            }
    }
}
