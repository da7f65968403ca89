/// A token that lets its holder register a client.
///
/// Spec: RFC 7591 §1.2
package typealias InitialAccessToken = GeneratedCredential<InitialAccessTokenUse>

/// The use of `InitialAccessToken`.
package enum InitialAccessTokenUse: CredentialUse {
    package static let prefix = "gate_i_"
}
