/// An authentication method reference, an element of `amr`.
///
/// Spec: RFC 8176 §2
package struct AuthenticationMethodReference: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The wire value.
    package let rawValue: String

    /// Accepts any value without spaces, because identity providers may define their own.
    package init?(rawValue: String) {
        guard !rawValue.isEmpty, rawValue.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { return nil }
        self.rawValue = rawValue
    }

    private init(known: String) { rawValue = known }

    /// The wire value.
    package var description: String { rawValue }

    /// A password.
    package static let password = AuthenticationMethodReference(known: "pwd")
    /// A sign-in at an identity provider that names no method. Unregistered; Entra ID uses the same word.
    package static let federated = AuthenticationMethodReference(known: "fed")
}
