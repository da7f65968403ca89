/// A secret value. It cannot be printed, logged, reflected, encoded or used as a dictionary key.
package struct Secret: Equatable, Sendable {
    /// The secret's bytes, for computing with them.
    package let bytes: [UInt8]

    /// Makes a secret from text.
    package init(_ text: String) { bytes = Array(text.utf8) }

    /// Makes a secret from bytes.
    package init(bytes: [UInt8]) { self.bytes = bytes }

    /// The secret as text, for the place that has to display or send it.
    package func reveal() -> String { String(decoding: bytes, as: UTF8.self) }

    /// Compares in constant time.
    package static func == (a: Secret, b: Secret) -> Bool { ConstantTime.equal(a.bytes, b.bytes) }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The same word for every secret.
    package var description: String { "[secret]" }
    /// The same word for every secret.
    package var debugDescription: String { "[secret]" }
    /// A mirror without children, so that `dump` and interpolation of an enclosing value reveal nothing.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
