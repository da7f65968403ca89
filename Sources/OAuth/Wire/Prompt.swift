/// A value of `prompt`.
///
/// Spec: OpenID Connect Core §3.1.2.1
package struct Prompt: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The wire value.
    package let rawValue: String

    /// Accepts any value: unknown ones are carried, not refused.
    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The wire value.
    package var description: String { rawValue }

    /// Show no page; never creates a session.
    package static let none = Prompt(rawValue: "none")
    /// Demand a new sign-in.
    package static let login = Prompt(rawValue: "login")
    /// Demand an approval.
    package static let consent = Prompt(rawValue: "consent")
    /// Let the user choose the account.
    package static let selectAccount = Prompt(rawValue: "select_account")
}
