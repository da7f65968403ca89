/// The secret of a one-time link with which a user sets the password of an account.
package typealias AccountLinkSecret = GeneratedCredential<AccountLinkSecretUse>

/// The use of `AccountLinkSecret`.
package enum AccountLinkSecretUse: CredentialUse {
    package static let prefix = "gate_l_"
}
