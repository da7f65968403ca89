/// A text or bytes that must never be seen: it cannot be printed, logged, reflected, encoded or used as a key.
package struct Secret: Equatable, Sendable {
    /// The secret itself, for whoever has to compute with it.
    package let bytes: [UInt8]

    /// A secret that arrived as text.
    package init(_ text: String) { bytes = Array(text.utf8) }

    /// A secret that is bytes.
    package init(bytes: [UInt8]) { self.bytes = bytes }

    /// The secret as text, for the one place that has to show or send it.
    package func reveal() -> String { String(decoding: bytes, as: UTF8.self) }

    /// Compares in constant time.
    package static func == (a: Secret, b: Secret) -> Bool { ConstantTime.equal(a.bytes, b.bytes) }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The same word for every secret.
    package var description: String { "[secret]" }
    /// The same word for every secret.
    package var debugDescription: String { "[secret]" }
    /// A mirror without children, so that `dump` and string interpolation of an enclosing value find nothing.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
