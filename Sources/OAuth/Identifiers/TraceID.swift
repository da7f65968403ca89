import JOSE

/// The id that correlates everything one request causes, in the audit trail, in the log and at the caller. The caller may
/// choose it, so it proves nothing.
/// Spec: W3C Trace Context §3.2
package struct TraceID: Hashable, Sendable, CustomStringConvertible {
    /// 32 lower-case hexadecimal digits, not all of them zero.
    package let string: String

    /// The id of the request that this task serves; nil outside of requests.
    @TaskLocal package static var current: TraceID?

    /// Parses an id: 32 lower-case hexadecimal digits.
    package init?(_ text: String) {
        guard Self.isID(text.utf8, count: 32) else { return nil }
        string = text
    }

    /// Parses a `traceparent` header field; nil for one that the specification ignores.
    package init?(traceparent field: String) {
        let bytes = Array(field.utf8)
        guard bytes.count >= 55, bytes.count <= 512, bytes[2] == Self.dash, bytes[35] == Self.dash,
            bytes[52] == Self.dash
        else { return nil }
        let version = bytes[..<2]
        // Later versions may append fields behind a dash; version 00 ends here, and ff is invalid.
        guard version.allSatisfy(Self.isDigit), !version.elementsEqual("ff".utf8) else { return nil }
        guard version.elementsEqual("00".utf8) ? bytes.count == 55 : bytes.count == 55 || bytes[55] == Self.dash
        else { return nil }
        guard Self.isID(bytes[36..<52], count: 16), bytes[53..<55].allSatisfy(Self.isDigit) else { return nil }
        self.init(String(decoding: bytes[3..<35], as: UTF8.self))
    }

    private init(bytes: [UInt8]) {
        string = String(unsafeUninitializedCapacity: 32) { output in
            for (index, byte) in bytes.enumerated() {
                output[2 * index] = Self.digits[Int(byte >> 4)]
                output[2 * index + 1] = Self.digits[Int(byte & 15)]
            }
            return 2 * bytes.count
        }
    }

    /// A new random id, for a request without one.
    package static func random() -> TraceID { TraceID(bytes: Random.bytes(16)) }

    /// The id itself.
    package var description: String { string }

    private static let dash = UInt8(ascii: "-")
    private static let digits = Array("0123456789abcdef".utf8)

    private static func isID(_ digits: some Collection<UInt8>, count: Int) -> Bool {
        digits.count == count && digits.allSatisfy(isDigit) && digits.contains { $0 != UInt8(ascii: "0") }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte
    }
}
