package import JOSE

/// A request to replace the registered metadata of a client.
///
/// Spec: RFC 7592 §2.2
package struct RegistrationUpdate: Sendable {
    /// The metadata that replaces the registered one.
    package let request: RegistrationRequest
    /// The client secret in the request, which must be the current one; nil for a request without a secret.
    package let secret: Secret?

    /// Reads the update of `client`; the request must name the client and nothing that only the server sets.
    package init(parsing bytes: [UInt8], of client: ClientID) throws(OAuthError) {
        request = try RegistrationRequest(parsing: bytes)
        guard let named = request.members[metadata: .clientID]?.string, named.utf8.elementsEqual(client.string.utf8)
        else {
            throw MetadataSource.registration.refusal("must name its own client_id.")
        }
        for member in RegistrationMember.setByServer where request.members[member.rawValue] != nil {
            throw MetadataSource.registration.refusal("must leave out \(member.rawValue), which only the server sets.")
        }
        secret = request.members[metadata: .clientSecret]?.string.map { Secret($0) }
    }
}
