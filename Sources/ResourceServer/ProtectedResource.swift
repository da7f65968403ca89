import JOSE
import OAuth

/// Authorization for an MCP server: publishes its metadata, verifies access tokens, and challenges requests without a good one.
///
/// Spec: RFC 9728 §3
public struct ProtectedResource: Sendable {
    /// The path at which the MCP server has to serve the metadata document.
    public let metadataPath: String
    /// The URL of the metadata document, which every challenge contains.
    public let metadataURL: String
    /// The metadata document, to be served as `application/json`.
    public let metadataDocument: [UInt8]

    private let catalogue: ScopeCatalogue
    private let clock: @Sendable () -> Int64
    private let allowedSkew: Int64
    /// Nil where no token may be bound to a key.
    private let proofs: ProofVerification?
    private let verify: @Sendable (_ token: String, _ now: Int64) async -> TokenVerdict

    /// Validates the configuration. The first request to the authorization server follows with the first token.
    ///
    /// With an `EventReceiver`, local verification refuses tokens as soon as the event of their session's revocation arrives,
    /// and uses introspection while events may be missing.
    public init(
        _ configuration: ProtectedResourceConfiguration, events: EventReceiver? = nil
    ) throws(InvalidConfiguration) {
        let (issuer, resource) = try configuration.parties
        catalogue = try ScopeCatalogue(configuration.scopes)
        clock = configuration.clock
        allowedSkew = configuration.allowedClockSkew
        if let settings = configuration.proofs {
            proofs = try ProofVerification(settings, of: resource)
        } else {
            proofs = nil
        }
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
            let introspection = TokenIntrospection(server: server, rule: rule, credentials: .secret(credentials))
            verify = { await introspection.verdict(on: $0, now: $1) }
        case .introspectionByKey(let id, let key):
            let credentials = try KeyCredentials(clientID: id, issuer: issuer, privateKey: key)
            let introspection = TokenIntrospection(server: server, rule: rule, credentials: .key(credentials))
            verify = { await introspection.verdict(on: $0, now: $1) }
        case .local:
            let signatures = IssuerSignatures(
                keys: server.keySet(clock: configuration.clock), algorithms: LocalVerification.algorithms)
            let local = LocalVerification(signatures: signatures, rule: rule)
            guard let events else {
                verify = { await local.verdict(on: $0, now: $1) }
                return
            }
            // The receiver's credentials also serve the introspection of tokens that events do not cover.
            let introspection = TokenIntrospection(
                server: events.authority.server, rule: rule, credentials: events.authority.credentials)
            let watched = WatchedVerification(local: local, introspection: introspection, events: events)
            verify = { await watched.verdict(on: $0, now: $1) }
        }
    }

    /// Verifies the `Authorization` header field of a request and checks the token's scopes and sign-in.
    ///
    /// Pass the `proof` of the request to admit tokens that are bound to a key, if the configuration has `proofs`. Such a token is
    /// refused without its proof, also as a bearer token.
    public func authorize(
        authorizationHeader: String?, proof: RequestProof? = nil, requiring scopes: [String] = [],
        authentication: UserAuthentication = UserAuthentication()
    ) async throws(Refusal) -> Access {
        // Without the proof of a request nothing can be bound, so the scheme DPoP counts as any other.
        let bound = proof != nil && proofs != nil ? BearerCredential(field: authorizationHeader, scheme: .dpop) : .none
        let isBound = bound != .none
        switch isBound ? bound : BearerCredential(field: authorizationHeader) {
        case .none:
            throw challenge(.missingToken, requiring: scopes, reason: "the request has no access token")
        case .malformed:
            throw challenge(
                .invalidRequest, requiring: scopes, isBound: isBound,
                reason: "the Authorization field does not hold one token")
        case .token(let token):
            switch await verify(token, clock()) {
            case .good(var access):
                // Checked first, so that a thief without the key learns nothing about the token.
                try demandProof(isBound ? proof : nil, of: token, for: access, requiring: scopes)
                // Checked before the scopes: its challenge names them too, so that the client sends its user only once.
                try demand(authentication, requiring: scopes, of: access)
                try demand(scopes, of: access)
                access.token = PresentedToken(text: token)
                return access
            case .bad(let fault):
                throw challenge(.invalidToken, requiring: scopes, isBound: isBound, reason: fault.reason)
            case .unknown(let reason):
                throw challenge(.unavailable, reason: reason)
            }
        }
    }

    /// The nonce for the client's next proof, for the header field `DPoP-Nonce` of a response; nil where none is demanded.
    ///
    /// Spec: RFC 9449 §8.2
    public var proofNonce: String? { proofs?.nonce(at: Timestamp(seconds: clock())) }

    /// Refuses a token that is bound to a key without its proof, and a bearer token where tokens must be bound. `proof` is nil for a
    /// token that was presented as a bearer token.
    ///
    /// Spec: RFC 9449 §7.2
    private func demandProof(
        _ proof: RequestProof?, of token: String, for access: Access, requiring scopes: [String]
    ) throws(Refusal) {
        guard let key = access.keyThumbprint.flatMap({ try? KeyThumbprint($0) }) else {
            guard proof != nil || proofs?.areRequired ?? false else { return }
            throw challenge(
                .invalidToken, requiring: scopes, isBound: true, reason: "the token is bound to no key")
        }
        guard let proof, let proofs else {
            throw challenge(
                .invalidToken, requiring: scopes, isBound: true,
                reason: "the token is bound to a key and was presented as a bearer token")
        }
        do throws(ProofVerification.Fault) {
            try proofs.verify(proof, of: token, boundTo: key, now: Timestamp(seconds: clock()))
        } catch {
            switch error {
            case .invalid(let reason): throw challenge(.invalidProof, isBound: true, reason: reason)
            case .nonceMissing:
                throw challenge(.nonceMissing, isBound: true, reason: "the proof has no current nonce")
            case .memoryFull: throw challenge(.unavailable, reason: "the memory of used proofs is full")
            }
        }
    }

    /// Refuses access that lacks a required scope; the challenge names all of them.
    ///
    /// For operations whose scopes are known only after parsing the request, such as tool calls.
    public func demand(_ scopes: [String], of access: Access) throws(Refusal) {
        guard access.allows(scopes) else {
            throw challenge(
                .insufficientScope, requiring: scopes, isBound: access.keyThumbprint != nil,
                reason: "the token lacks \(scopes.filter { !access.scopes.contains($0) }.joined(separator: " "))")
        }
    }

    /// Refuses access whose sign-in is too old or of another class; the challenge names the requirement and the scopes.
    ///
    /// Spec: RFC 9470 §3
    public func demand(
        _ authentication: UserAuthentication, requiring scopes: [String] = [], of access: Access
    ) throws(Refusal) {
        if authentication != UserAuthentication() { try demandUser(of: access) }
        guard let reason = authentication.fault(of: access, now: clock() - allowedSkew) else { return }
        throw challenge(
            .insufficientUserAuthentication, requiring: scopes, authentication: authentication,
            isBound: access.keyThumbprint != nil, reason: reason)
    }

    /// Refuses access of a client that acts for itself.
    public func demandUser(of access: Access) throws(Refusal) {
        guard !access.isClient else {
            throw challenge(.userRequired, reason: "the client \(access.clientID) acts for itself")
        }
    }

    /// Makes a refusal with its status and `WWW-Authenticate` header field. `isBound` is true for a request with a token that is
    /// bound to a key.
    public func challenge(
        _ kind: Refusal.Kind, requiring scopes: [String] = [],
        authentication: UserAuthentication = UserAuthentication(), isBound: Bool = false, reason: String = ""
    ) -> Refusal {
        let message =
            switch kind {
            case .missingToken: "Send an access token for this MCP server."
            case .invalidRequest: "Send one access token in the Authorization header field."
            case .invalidToken: "The access token is expired, revoked, or not for this MCP server."
            case .insufficientScope: "This operation needs more than the access token allows."
            case .insufficientUserAuthentication:
                "This operation requires a more recent or a different sign-in of the user."
            case .userRequired: "This operation needs a user, and the client acts for itself."
            case .invalidProof: "Send one new DPoP proof for this request, made with the key of the access token."
            case .nonceMissing: "Make the DPoP proof with the nonce of the DPoP-Nonce header field."
            case .unavailable: "The authorization server is temporarily unavailable. Try again in a few seconds."
            }
        let wanted =
            switch kind {
            case .missingToken, .invalidToken: catalogue.toAskFor(requiring: scopes)
            case .insufficientScope, .insufficientUserAuthentication: scopes
            case .invalidRequest, .userRequired, .invalidProof, .nonceMissing, .unavailable: [String]()
            }
        let isMissing = kind == .missingToken
        let challenge = Challenge(
            error: isMissing ? nil : kind, description: isMissing ? nil : message, scopes: wanted,
            metadataURL: metadataURL, authentication: authentication,
            scheme: proofs.map { $0.areRequired || isBound } ?? false
                ? .bound(algorithms: ProofVerification.algorithms) : .bearer)
        let isUseless = kind == .unavailable || kind == .userRequired
        return Refusal(
            kind: kind, challenge: isUseless ? nil : challenge.value, message: message, reason: reason,
            nonce: isBound ? proofNonce : nil)
    }

    private static func document(_ configuration: ProtectedResourceConfiguration, scopes: [String]) -> [UInt8] {
        // Without a challenge, clients request every scope of this list, so on-request scopes stay out.
        ProtectedResourceMetadata(
            resource: configuration.resource, authorizationServers: [configuration.issuer], scopesSupported: scopes,
            resourceName: configuration.name, resourceDocumentation: configuration.documentation,
            proofAlgorithms: configuration.proofs == nil ? [] : ProofVerification.algorithms,
            requiresBoundTokens: configuration.proofs?.areRequired ?? false
        ).json.bytes
    }
}
