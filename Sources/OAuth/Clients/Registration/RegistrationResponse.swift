package import JOSE

/// The member names of a registration response, besides those of the metadata.
///
/// Spec: RFC 7591 §3.2.1
/// Spec: RFC 7592 §3
enum RegistrationMember: String {
    case issuedAt = "client_id_issued_at"
    case secretExpiresAt = "client_secret_expires_at"
    case managementURI = "registration_client_uri"
    case managementToken = "registration_access_token"

    /// The members that an update may not send.
    static let setByServer: [RegistrationMember] = [.issuedAt, .secretExpiresAt, .managementURI, .managementToken]
}

/// What a client learns about its registration.
///
/// Spec: RFC 7591 §3.2.1
package struct RegistrationResponse: Sendable {
    /// The place and the token with which the registrant manages a client.
    package struct Management: Sendable {
        let uri: String
        let token: RegistrationToken

        /// The URL of the registration, and the token that it accepts.
        package init(uri: String, token: RegistrationToken) {
            self.uri = uri
            self.token = token
        }
    }

    private let clientID: ClientID
    private let registration: ClientRegistration
    private let issuedAt: Timestamp
    private let secret: ClientSecret?
    private let management: Management?

    /// A response. `secret` is nil for a public client, and for a client whose secret was sent before: only its digest is kept.
    package init(
        clientID: ClientID, registration: ClientRegistration, issuedAt: Timestamp, secret: ClientSecret? = nil,
        management: Management? = nil
    ) {
        self.clientID = clientID
        self.registration = registration
        self.issuedAt = issuedAt
        self.secret = secret
        self.management = management
    }

    /// The body of the response.
    package var json: JSON {
        var object: JSONObject = [
            MetadataMember.clientID.rawValue: .string(clientID.string),
            RegistrationMember.issuedAt.rawValue: .integer(issuedAt.seconds),
        ]
        if let secret {
            object[MetadataMember.clientSecret.rawValue] = .string(secret.reveal())
            // Required beside a secret; 0 means that the secret does not expire.
            object[RegistrationMember.secretExpiresAt.rawValue] = 0
        }
        if let management {
            object[RegistrationMember.managementURI.rawValue] = .string(management.uri)
            object[RegistrationMember.managementToken.rawValue] = .string(management.token.reveal())
        }
        for (name, value) in registration.json.members { object[name] = value }
        return .object(object)
    }
}
