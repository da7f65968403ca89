package import JOSE
package import OAuth

/// What an identity provider said about a user at the last sign-in, for administrators. It admits nobody; it only
/// tells whose browser logins a narrower rule ends.
package struct UpstreamClaims: Hashable, Sendable {
    /// The display name.
    package var name: String?
    /// The user name at the provider.
    package var username: String?
    /// The e-mail address, verified or not.
    package var email: String?
    /// Whether the provider says that it verified the address.
    package var isEmailVerified: Bool
    /// The domain that admission compares; nil if the provider vouches for none, or if the statement is from before it was kept.
    package var domain: String?
    /// The groups by the provider's own names; nil if its groups are not read.
    package var groups: [String]?
    /// The authentication context of the sign-in (`acr`).
    package var context: AuthenticationContext?
    /// The authentication methods of the sign-in (`amr`).
    package var methods: [AuthenticationMethodReference]
    /// When the user authenticated at the provider; nil if it did not say.
    package var authTime: Timestamp?

    /// A statement; what is left out was not said.
    package init(
        name: String? = nil, username: String? = nil, email: String? = nil, isEmailVerified: Bool = false,
        domain: String? = nil, groups: [String]? = nil, context: AuthenticationContext? = nil,
        methods: [AuthenticationMethodReference] = [],
        authTime: Timestamp? = nil
    ) {
        self.name = name
        self.username = username
        self.email = email
        self.isEmailVerified = isEmailVerified
        self.domain = domain
        self.groups = groups
        self.context = context
        self.methods = methods
        self.authTime = authTime
    }
}

extension UpstreamClaims {
    /// The form in which a row keeps it.
    package var json: JSONObject {
        var json: JSONObject = ["email_verified": .bool(isEmailVerified), "amr": .strings(methods.map(\.rawValue))]
        json["name"] = name.map(JSON.string)
        json["preferred_username"] = username.map(JSON.string)
        json["email"] = email.map(JSON.string)
        json["domain"] = domain.map(JSON.string)
        json["groups"] = groups.map(JSON.strings)
        json["acr"] = context.map { .string($0.rawValue) }
        json["auth_time"] = authTime.map { .integer($0.seconds) }
        return json
    }

    /// Reads what `json` wrote; nil if it is malformed.
    init?(text: String) {
        guard let json = try? JSONObject(parsing: Array(text.utf8)),
            let isVerified = json["email_verified"]?.bool, let methods = json["amr"]?.strings
        else { return nil }
        self.init(
            name: json["name"]?.string, username: json["preferred_username"]?.string, email: json["email"]?.string,
            isEmailVerified: isVerified, domain: json["domain"]?.string, groups: json["groups"]?.strings,
            context: json["acr"]?.string.map(AuthenticationContext.init(rawValue:)),
            methods: methods.compactMap(AuthenticationMethodReference.init(rawValue:)),
            authTime: json["auth_time"]?.integer.map { Timestamp(seconds: $0) })
    }
}
