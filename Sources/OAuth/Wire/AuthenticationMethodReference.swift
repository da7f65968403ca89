/// One of the means by which a person was authenticated: an element of `amr`.
///
/// Spec: RFC 8176 §2
package struct AuthenticationMethodReference: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The word on the wire.
    package let rawValue: String

    /// Takes any word without blanks, because an identity provider may send words of its own.
    package init?(rawValue: String) {
        guard !rawValue.isEmpty, rawValue.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { return nil }
        self.rawValue = rawValue
    }

    private init(known: String) { rawValue = known }

    /// The word itself.
    package var description: String { rawValue }

    /// A password.
    package static let password = AuthenticationMethodReference(known: "pwd")
}
