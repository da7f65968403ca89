import Foundation
import JOSE
import OAuth
import Storage

/// What an authorization request has become once its person signed in: checked, resolved and kept until the decision.
struct PendingAuthorization: Codable, Sendable {
    let clientID: String
    let clientName: String
    let clientHost: String?
    let isLoopbackOnly: Bool
    /// Whether the client may hold refresh tokens.
    let refreshes: Bool
    /// Digest of the metadata document that the person is shown, nil for a registered client.
    let documentDigest: String?
    let redirectURI: String
    let state: String?
    let challenge: String
    let resourceID: String
    let scope: String
    /// What each scope includes, as the person is shown it: what an operator changes meanwhile counts from the next request on.
    let includes: [String: String]?
    /// How old the sign-in may be at the approval, in seconds, as the client wants it; nil for as old as any.
    let maxAge: Int64?
    /// The ways to sign in that will do for the client (`acr_values`); nil for any.
    let contexts: [String]?
    /// When the person signed in for this very request; nil where they were signed in already.
    let signedInAt: Int64?
    /// The request as it arrived, for another account to take it up.
    let original: String?
    /// What was decided before the person had to sign in once more, and when that was.
    var choice: Choice?

    /// A decision that was not taken yet.
    struct Choice: Codable, Sendable {
        let scopes: [String]
        let lifetime: String
        /// The earlier sessions that were ticked to be replaced.
        let replacing: [String]?
        let madeAt: Int64
    }

    /// The host of the client's document as people read it.
    var shownHost: String? { clientHost.map { (try? ClientID(clientID))?.shownHost ?? $0 } }

    /// Which scopes include others.
    var implications: ScopeImplications {
        get throws {
            let pairs = try (includes ?? [:]).map { (try Scope($0.key), try ScopeSet(parsing: $0.value)) }
            return ScopeImplications(Dictionary(pairs) { $0.union($1) })
        }
    }

    /// The text an interaction keeps.
    var text: String {
        get throws { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }
    }

    /// Reads back what `interaction` keeps.
    init(of interaction: Interaction) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(interaction.request.utf8))
    }

    init(
        _ request: AuthorizationRequest, client: Client, redirect: VerifiedRedirect, access: RequestedAccess,
        text: String,
        signedIn: Timestamp?
    ) {
        clientID = client.id.string
        clientName = client.metadata.name
        clientHost = client.host
        isLoopbackOnly = client.metadata.redirectURIs.allSatisfy(\.isLoopback)
        refreshes = client.metadata.allows(.refreshToken)
        documentDigest = client.documentDigest?.base64URL
        redirectURI = redirect.uri.string
        state = request.state
        challenge = request.challenge.string
        resourceID = access.resource.id.string
        scope = access.scope.string
        // Who is to sign in anew for this request has a sign-in of no age at all.
        maxAge = request.authentication.isAnew ? 0 : request.authentication.maxAge
        let wanted = request.authentication.contexts
        contexts = wanted.isEmpty ? nil : wanted.map(\.rawValue)
        signedInAt = signedIn?.seconds
        original = text
        let direct = access.implications.direct
        includes =
            direct.isEmpty
            ? nil : Dictionary(uniqueKeysWithValues: direct.map { ($0.key.string, $0.value.string) })
    }

    /// Whether a sign-in is of the right kind and recent enough for the client. One that the person made for this very request
    /// is recent for as long as a page can be sent: nobody is asked twice for reading slowly.
    func accepts(signIn authentication: Authentication, at now: Timestamp) -> Bool {
        guard contexts?.contains(authentication.context.rawValue) ?? true else { return false }
        guard let maxAge else { return true }
        let time = authentication.time
        let isForThis = [signedInAt, choice?.madeAt].contains { since in since.map { time.seconds >= $0 } ?? false }
        return now.isWithin(isForThis ? max(maxAge, InteractionSeal.lifetime - 1) : maxAge, of: time)
    }

    /// The redirect with the code in it.
    func answer(issuer: Issuer, code: AuthorizationCode) throws -> String {
        AuthorizationResponse(
            to: try RedirectRule.proven(kept: redirectURI), code: code, state: state, issuer: issuer
        ).location
    }

    /// The redirect with a refusal in it.
    func answer(issuer: Issuer, refusing error: OAuthError) throws -> String {
        AuthorizationResponse(
            to: try RedirectRule.proven(kept: redirectURI), error: error, state: state, issuer: issuer
        ).location
    }
}
