/// The form of an IPv6 address in a URI, without its brackets and without a zone.
enum IPv6Literal {
    /// Whether these bytes are one: eight groups, some of which a single `::` may stand for, the last two perhaps as IPv4.
    static func isValid(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let gap = gap(in: bytes) else { return count(groups(bytes)) == 8 }
        let (front, back) = (groups(bytes[..<gap]), groups(bytes[(gap + 2)...]))
        // A group in front of the gap is never the last one, and so no IPv4 address.
        guard front.allSatisfy(isGroup), let rest = count(back) else { return false }
        return front.count + rest <= 7
    }

    private static func gap(in bytes: ArraySlice<UInt8>) -> Int? {
        bytes.indices.dropLast().first { bytes[$0] == UInt8(ascii: ":") && bytes[$0 + 1] == UInt8(ascii: ":") }
    }

    private static func groups(_ bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        bytes.isEmpty ? [] : bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    }

    /// How many groups of 16 bits these are; nil when one of them is malformed.
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
