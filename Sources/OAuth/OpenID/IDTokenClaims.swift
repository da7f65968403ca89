import JOSE

/// What a verified ID token says about a user and the sign-in.
///
/// Spec: OpenID Connect Core §2
/// Spec: OpenID Connect Core §5.1
package struct IDTokenClaims: Hashable, Sendable {
    /// The provider.
    package let issuer: OpenIDIssuer
    /// The account at the provider, which never changes and is never given to another user.
    package let subject: String
    /// When the user authenticated at the provider; nil if the provider does not say.
    package let authTime: Timestamp?
    /// The authentication context (`acr`); nil if the provider names none.
    package let context: AuthenticationContext?
    /// The authentication methods (`amr`); empty if the provider names none.
    package let methods: [AuthenticationMethodReference]
    /// The session at the provider (`sid`), by which a logout token names it.
    package let sessionID: String?
    /// The name to show. It identifies nobody.
    package let name: String?
    /// The user name at the provider. It identifies nobody.
    package let preferredUsername: String?
    /// The e-mail address, verified or not, for display alone.
    package let email: String?
    /// The e-mail address, if the provider verified it. It identifies nobody.
    package let verifiedEmail: String?
    /// The domain that the provider vouches for, in lower case: that of the Google Workspace account (`hd`) where the token names
    /// one, else that of the verified e-mail address.
    package let domain: String?
    private let claims: JSONObject

    /// Reads the claims of a token that obeys `IDTokenRule`.
    init(
        _ claims: JSONObject, issuer: OpenIDIssuer, subject: String, now: Timestamp
    ) throws(OpenIDTokenFault) {
        self.claims = claims
        self.issuer = issuer
        self.subject = subject
        if let value = claims[.authTime], value != .null {
            guard let time = Timestamp(numericDate: value), time <= now + IDTokenRule.clockSkew else {
                throw .malformedAuthentication
            }
            authTime = min(time, now)
        } else {
            authTime = nil
        }
        context = try Self.optional(claims[.acr]).map { AuthenticationContext(rawValue: $0) }
        methods = try Self.methods(claims[OpenIDClaim.methods])
        sessionID = try Self.optional(claims[.sessionID])
        name = Self.shown(claims[OpenIDClaim.name])
        preferredUsername = Self.shown(claims[OpenIDClaim.preferredUsername])
        email = Self.shown(claims[OpenIDClaim.email])
        verifiedEmail = claims[OpenIDClaim.isEmailVerified] == .bool(true) ? email : nil
        domain = Self.domain(claims[OpenIDClaim.hostedDomain], verifiedEmail, at: issuer)
    }

    /// The groups in the claim of this name.
    package func groups(in claim: String) -> UpstreamGroups { UpstreamGroups(claims, claim: claim) }

    private static func optional(_ claim: JSON?) throws(OpenIDTokenFault) -> String? {
        guard let claim, claim != .null else { return nil }
        return try IDTokenRule.text(claim, else: .malformedAuthentication)
    }

    private static func methods(_ claim: JSON?) throws(OpenIDTokenFault) -> [AuthenticationMethodReference] {
        guard let claim, claim != .null else { return [] }
        // Some providers write a single method as a string.
        guard let names = claim.strings ?? claim.string.map({ [$0] }), names.count <= 32,
            names.allSatisfy({ $0.utf8.count <= 64 })
        else { throw .malformedAuthentication }
        return names.compactMap(AuthenticationMethodReference.init)
    }

    /// A text for display; nil for one that is too long or not a text.
    private static func shown(_ claim: JSON?) -> String? {
        claim.flatMap { try? IDTokenRule.text($0, else: .noSubject) }
    }

    /// An `hd` that is no text has no domain, so that it matches nothing.
    ///
    /// Without `hd`, an account at Google is in no organization: its address may be one that its holder verified before leaving.
    private static func domain(_ hosted: JSON?, _ email: String?, at issuer: OpenIDIssuer) -> String? {
        if let hosted, hosted != .null { return hosted.string?.lowercased() }
        guard !issuer.isGoogle, let email, let at = email.lastIndex(of: "@") else { return nil }
        return email[email.index(after: at)...].lowercased()
    }
}

/// The groups that an ID token names.
package enum UpstreamGroups: Hashable, Sendable {
    /// The token has no such claim.
    case absent
    /// The groups, each once.
    case named([String])
    /// The provider left the groups out because they are too many. This never counts as an empty list.
    case tooMany
    /// The claim is no list of names.
    case malformed

    private static let mostGroups = 1_000

    /// Reads the claim. A single name counts as a list of one, because some providers write it so.
    ///
    /// Spec: OpenID Connect Core §5.6.2
    init(_ claims: JSONObject, claim: String) {
        let isElsewhere = claims[OpenIDClaim.claimNames]?.object?[claim] != nil
        let isOverage = claims[OpenIDClaim.hasGroups].map { $0 == .bool(true) || $0.string == "true" } ?? false
        guard !isElsewhere, !isOverage else {
            self = .tooMany
            return
        }
        guard let value = claims[claim], value != .null else {
            self = .absent
            return
        }
        guard let names = value.strings ?? value.string.map({ [$0] }),
            names.allSatisfy({ (try? IDTokenRule.text(.string($0), else: .noSubject)) != nil })
        else {
            self = .malformed
            return
        }
        var seen: Set<String> = []
        let groups = names.filter { seen.insert($0).inserted }
        self = groups.count <= Self.mostGroups ? .named(groups) : .tooMany
    }
}
