import JOSE
import OAuth

/// An MCP server's side of authorization: it publishes who issues its tokens, challenges, and lets good tokens through.
///
/// Spec: RFC 9728 §3
public struct ProtectedResource: Sendable {
    /// The path under which the metadata document has to be answered.
    public let metadataPath: String
    /// The URL of the metadata document, which every challenge names.
    public let metadataURL: String
    /// The metadata document, as `application/json`.
    public let metadataDocument: [UInt8]

    private let catalogue: ScopeCatalogue
    private let clock: @Sendable () -> Int64
    private let allowedSkew: Int64
    private let verify: @Sendable (_ token: String, _ now: Int64) async -> TokenVerdict

    /// Checks the configuration; nothing is sent before the first token has to be judged.
    ///
    /// With a receiver of `events`, tokens that are verified locally are refused as soon as the end of their session is
    /// heard of, and asked about wherever it would not be.
    public init(
        _ configuration: ProtectedResourceConfiguration, events: EventReceiver? = nil
    ) throws(InvalidConfiguration) {
        let (issuer, resource) = try configuration.parties
        catalogue = try ScopeCatalogue(configuration.scopes)
        clock = configuration.clock
        allowedSkew = configuration.allowedClockSkew
        metadataURL = ProtectedResourceMetadata.url(for: resource)
        metadataPath = String(metadataURL.dropFirst(resource.origin.count).prefix { $0 != "?" })
        metadataDocument = Self.document(configuration, scopes: catalogue.initial)
        let rule = AccessTokenRule(
            issuer: issuer, resource: resource, catalogue: catalogue, allowedSkew: configuration.allowedClockSkew)
        let server = try AuthorizationServerConnection(
            issuer: issuer, trustedAuthorities: configuration.trustedAuthorities,
            answerTimeout: configuration.answerTimeout)
        switch configuration.verification {
        case .introspection(let id, let secret):
            let credentials = try BasicCredentials(clientID: id, clientSecret: secret)
            let introspection = TokenIntrospection(server: server, rule: rule, credentials: credentials)
            verify = { await introspection.verdict(on: $0, now: $1) }
        case .local:
            let signatures = IssuerSignatures(
                keys: server.keySet(clock: configuration.clock), algorithms: LocalVerification.algorithms)
            let local = LocalVerification(signatures: signatures, rule: rule)
            guard let events else {
                verify = { await local.verdict(on: $0, now: $1) }
                return
            }
            let introspection = TokenIntrospection(
                server: events.authority.server, rule: rule, credentials: events.authority.credentials)
            let watched = WatchedVerification(local: local, introspection: introspection, events: events)
            verify = { await watched.verdict(on: $0, now: $1) }
        }
    }

    /// Judges the `Authorization` field of a request, and whether its token carries what the operation needs.
    public func authorize(
        authorizationHeader: String?, requiring scopes: [String] = [],
        authentication: UserAuthentication = UserAuthentication()
    ) async throws(Refusal) -> Access {
        switch BearerCredential(field: authorizationHeader) {
        case .none:
            throw challenge(.missingToken, requiring: scopes, reason: "no bearer token came along")
        case .malformed:
            throw challenge(.invalidRequest, requiring: scopes, reason: "the Authorization field is no single token")
        case .token(let token):
            switch await verify(token, clock()) {
            case .good(var access):
                // First, for its challenge names the scopes too: the client has to go and come back only once.
                try demand(authentication, requiring: scopes, of: access)
                try demand(scopes, of: access)
                access.token = PresentedToken(text: token)
                return access
            case .bad(let fault):
                throw challenge(.invalidToken, requiring: scopes, reason: fault.reason)
            case .unknown(let reason):
                throw challenge(.unavailable, reason: reason)
            }
        }
    }

    /// Refuses access whose scopes do not suffice, naming all that the operation needs.
    ///
    /// For operations whose scopes are known only after the request was read, as with the tools of an MCP server.
    public func demand(_ scopes: [String], of access: Access) throws(Refusal) {
        guard access.allows(scopes) else {
            throw challenge(
                .insufficientScope, requiring: scopes,
                reason: "the token lacks \(scopes.filter { !access.scopes.contains($0) }.joined(separator: " "))")
        }
    }

    /// Refuses access whose person signed in too long ago or in another way, naming what the operation wants, and its scopes.
    ///
    /// Spec: RFC 9470 §3
    public func demand(
        _ authentication: UserAuthentication, requiring scopes: [String] = [], of access: Access
    ) throws(Refusal) {
        guard let reason = authentication.fault(of: access, now: clock() - allowedSkew) else { return }
        throw challenge(
            .insufficientUserAuthentication, requiring: scopes, authentication: authentication, reason: reason)
    }

    /// The refusal for a cause, with its status and its `WWW-Authenticate` field.
    public func challenge(
        _ kind: Refusal.Kind, requiring scopes: [String] = [],
        authentication: UserAuthentication = UserAuthentication(), reason: String = ""
    ) -> Refusal {
        let message =
            switch kind {
            case .missingToken: "Send an access token for this MCP server."
            case .invalidRequest: "Send one access token, as Authorization: Bearer."
            case .invalidToken: "The access token is expired, ended, or not for this MCP server."
            case .insufficientScope: "This operation needs more than the access token allows."
            case .insufficientUserAuthentication: "This operation wants a fresher or another sign-in of its person."
            case .unavailable: "The authorization server cannot be asked at the moment. Try again in a few seconds."
            }
        let wanted =
            switch kind {
            case .missingToken, .invalidToken: catalogue.toAskFor(requiring: scopes)
            case .insufficientScope, .insufficientUserAuthentication: scopes
            case .invalidRequest, .unavailable: [String]()
            }
        let isMissing = kind == .missingToken
        let challenge = Challenge(
            error: isMissing ? nil : kind, description: isMissing ? nil : message, scopes: wanted,
            metadataURL: metadataURL, authentication: authentication)
        return Refusal(
            kind: kind, challenge: kind == .unavailable ? nil : challenge.value, message: message, reason: reason)
    }

    private static func document(_ configuration: ProtectedResourceConfiguration, scopes: [String]) -> [UInt8] {
        // Clients ask for all the scopes that stand here when nothing else tells them what to ask for.
        ProtectedResourceMetadata(
            resource: configuration.resource, authorizationServers: [configuration.issuer], scopesSupported: scopes,
            resourceName: configuration.name, resourceDocumentation: configuration.documentation
        ).json.bytes
    }
}
