/// What a client wants the person to be asked again.
///
/// Spec: OpenID Connect Core §3.1.2.1
package struct Prompt: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The word on the wire.
    package let rawValue: String

    /// Takes any word: unknown ones are carried, not refused.
    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The word itself.
    package var description: String { rawValue }

    /// Show nothing; it never makes a session.
    package static let none = Prompt(rawValue: "none")
    /// Sign in again.
    package static let login = Prompt(rawValue: "login")
    /// Ask for approval.
    package static let consent = Prompt(rawValue: "consent")
    /// Let the person pick the account.
    package static let selectAccount = Prompt(rawValue: "select_account")
}
