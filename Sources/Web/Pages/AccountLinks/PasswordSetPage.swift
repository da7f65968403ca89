/// The page after a password was set with a one-time link.
package struct PasswordSetPage: Page {
    package static let template = "password-set"

    package static let sample = PasswordSetPage()
}
