/// The token with which the registrant of a client reads, changes and removes the registration.
///
/// Spec: RFC 7592 §1.2
package typealias RegistrationToken = GeneratedCredential<RegistrationTokenUse>

/// The use of `RegistrationToken`.
package enum RegistrationTokenUse: CredentialUse {
    package static let prefix = "gate_m_"
}
