/// The issuer identifier of an OpenID provider, compared byte by byte.
///
/// Unlike this server's own `Issuer` it may end in a slash, as the issuers of Auth0 and LemonLDAP::NG do.
///
/// Spec: OpenID Connect Discovery §3
package struct OpenIDIssuer: Hashable, Sendable, CustomStringConvertible {
    private static let longest = 512

    /// The issuer, exactly as the provider spells it.
    package let string: String

    /// Parses an issuer: https, or http on loopback, without query and fragment. An issuer that stands for many tenants is
    /// refused, because anybody can have an account in one of them.
    package init(_ text: String) throws(OAuthValueError) {
        guard !text.contains(where: { $0 == "{" || $0 == "}" }) else { throw Self.template }
        let uri = try StrictURI(text, called: "issuer")
        guard text.utf8.count <= Self.longest else {
            throw OAuthValueError("Give an issuer of at most \(Self.longest) characters.")
        }
        guard let authority = uri.authority, uri.scheme == "https" || uri.scheme == "http" else {
            throw OAuthValueError("Begin the issuer with https://, or with http:// on localhost.")
        }
        guard uri.scheme == "https" || Loopback.contains(authority.host.lowercased()) else {
            throw OAuthValueError("Use https:// in the issuer: http:// is for localhost, 127.0.0.1 and [::1] only.")
        }
        guard uri.query == nil, uri.fragment == nil, !uri.hasDotSegments else {
            throw OAuthValueError("Give the issuer without query, fragment and dot segments.")
        }
        let tenant = uri.path.split(separator: "/").first?.lowercased()
        guard !Self.openTenants.contains(tenant ?? "") else { throw Self.template }
        string = text
    }

    /// The address of the provider's metadata.
    ///
    /// Spec: OpenID Connect Discovery §4
    package var metadataURL: String {
        (string.hasSuffix("/") ? String(string.dropLast()) : string) + "/.well-known/openid-configuration"
    }

    /// Whether this is Google, whose tokens name the organization of an account.
    var isGoogle: Bool { matches("https://accounts.google.com") }

    /// Whether `text` is this very issuer.
    package func matches(_ text: String?) -> Bool { text?.utf8.elementsEqual(string.utf8) ?? false }

    /// The issuer itself.
    package var description: String { string }

    /// First segments of issuers of Microsoft that stand for many tenants. The last one is the tenant of all personal accounts.
    private static let openTenants: Set<String> = [
        "common", "organizations", "consumers", "9188040d-6c67-4c5b-b112-36a304b66dad",
    ]

    private static let template = OAuthValueError(
        "This issuer stands for the accounts of every tenant. Use the issuer of your own tenant, at Microsoft Entra ID "
            + "https://login.microsoftonline.com/TENANT-ID/v2.0.")
}
