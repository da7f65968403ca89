/// The URL-safe base64 without padding in which JOSE writes every byte string.
///
/// Only the canonical spelling decodes: a second spelling of the same bytes would be a second name for one token.
///
/// Spec: RFC 7515 §2
/// Spec: RFC 4648 §5
package enum Base64URL {
    /// The bytes as text.
    package static func encode(_ bytes: some Collection<UInt8>) -> String { Base64Codec.url.encode(bytes) }

    /// The bytes of a text, or nil unless it is exactly what `encode` would write.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let utf8 = text.utf8
        return utf8.withContiguousStorageIfAvailable(Base64Codec.url.decode)
            ?? Array(utf8).withUnsafeBufferPointer(Base64Codec.url.decode)
    }

    /// The bytes of a text behind a prefix of so many ASCII characters, under the same rule.
    ///
    /// The parameter is no generic text, which other modules would pass unspecialised, at many times the cost.
    package static func decode(_ text: String, behind prefix: Int) -> [UInt8]? {
        tail(text, prefix, Base64Codec.url.decode)
    }

    /// Whether the text behind a prefix of so many ASCII characters is exactly what `encode` would write.
    package static func isCanonical(_ text: String, behind prefix: Int) -> Bool {
        tail(text, prefix, Base64Codec.url.isCanonical)
    }

    private static func tail<T>(_ text: String, _ prefix: Int, _ read: (UnsafeBufferPointer<UInt8>) -> T) -> T {
        var text = text
        return text.withUTF8 { read(UnsafeBufferPointer(rebasing: $0.dropFirst(prefix))) }
    }

    /// Appends the text of `bytes` to `output`, for writers that build one buffer.
    static func append(_ bytes: [UInt8], to output: inout [UInt8]) {
        bytes.withUnsafeBufferPointer { input in
            output.append(
                contentsOf: [UInt8](unsafeUninitializedCapacity: Base64Codec.length(input.count)) { target, count in
                    count = Base64Codec.url.write(input, to: target)
                })
        }
    }

    /// Decodes a slice of a larger text, under the same rule as `decode(_:)`.
    static func decode(slice: ArraySlice<UInt8>) -> [UInt8]? {
        slice.withUnsafeBufferPointer(Base64Codec.url.decode)
    }
}
