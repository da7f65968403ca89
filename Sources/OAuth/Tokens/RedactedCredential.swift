/// A credential whose printed, logged or reflected form shows only its type.
package protocol RedactedCredential: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {}

extension RedactedCredential {
    /// The type's name in brackets, never the value.
    package var description: String { "[\(Self.self)]" }
    /// The same as `description`.
    package var debugDescription: String { description }
    /// A mirror without children, so that `dump` shows nothing either.
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
