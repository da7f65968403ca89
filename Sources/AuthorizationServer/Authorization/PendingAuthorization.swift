import JOSE
import OAuth
import Storage

/// An authorization request that waits for its user's decision: checked, resolved to one MCP server, and kept as the text of
/// its `Interaction`.
struct PendingAuthorization: Sendable {
    let clientID: ClientID
    /// The client's name, as the consent page shows it.
    let clientName: String
    /// The host of the client's metadata document, in lower case and without port; nil for a registered client.
    let clientHost: String?
    /// Whether every redirect of the client leads to the user's own machine.
    let isLoopbackOnly: Bool
    /// Whether the client may hold refresh tokens.
    let allowsRefreshTokens: Bool
    /// How the client has to authenticate when it redeems the code; nil where it may come without its key.
    let demandedMethod: ClientAuthenticationMethod?
    /// The proof of possession that redeems the code.
    let proofDemand: ProofDemand
    /// Digest of the metadata document that the consent page shows; nil for a registered client.
    let documentDigest: Digest?
    /// How the client gets the answer.
    let delivery: Delivery
    let resourceID: ResourceID
    /// The scopes that the request names or gets by default, without those that they include.
    let scope: ScopeSet
    /// Which scopes include others, as the consent page shows it. A change by an operator takes effect with the next request.
    let implications: ScopeImplications
    /// The greatest age of the sign-in at the approval that the client accepts, in seconds; nil for any age.
    let maxAge: Int64?
    /// The authentication contexts that the client accepts (`acr_values`); empty for any.
    let contexts: [AuthenticationContext]
    /// When the user signed in for this very request; nil for a user who was signed in already.
    let signedInAt: Timestamp?
    /// The authorization request as it arrived, so that another account can take it up; nil in rows of early versions.
    let original: String?
    /// The digest of the `request_uri` of a request that the client pushed; nil for a direct request.
    let pushed: Digest?
    /// The user's choice from before a step-up sign-in, which is shown again and not yet in force.
    var choice: Choice?

    /// The way of the user's decision to the client.
    enum Delivery: Sendable {
        /// The user's browser brings it to the redirect, with the `state`; the challenge binds the code to the client.
        case redirect(VerifiedRedirect, state: String?, challenge: CodeChallenge)
        /// The device collects it.
        case device(WaitingDevice)
    }

    /// A choice on the consent page that waits for a fresh sign-in.
    struct Choice: Sendable {
        let scope: ScopeSet
        /// The length of the session, in seconds.
        let lifetime: Int64
        /// The earlier sessions that were ticked to be replaced.
        let replaces: Set<SessionID>
        let madeAt: Timestamp
    }

    init(
        _ request: AuthorizationRequest, client: Client, redirect: VerifiedRedirect, access: RequestedAccess,
        draft: AuthorizationDraft, signedIn: Timestamp?
    ) {
        clientID = client.id
        clientName = client.metadata.name
        clientHost = client.origin.host
        isLoopbackOnly = client.metadata.redirectURIs.allSatisfy(\.isLoopback)
        allowsRefreshTokens = client.metadata.allows(.refreshToken)
        demandedMethod = client.demandedMethod
        proofDemand = request.keyThumbprint.map { .key($0) } ?? client.proofDemand
        documentDigest = client.documentDigest
        delivery = .redirect(redirect, state: request.state, challenge: request.challenge)
        resourceID = access.resource.id
        scope = access.scope
        implications = access.implications
        // `prompt=login` accepts no sign-in that is older than the request.
        maxAge = request.authentication.isAnew ? 0 : request.authentication.maxAge
        contexts = request.authentication.contexts
        signedInAt = signedIn
        original = draft.text
        pushed = draft.arrival.pushed
    }

    /// The request of a device, which no redirect and no demand on the sign-in belongs to.
    init(of device: WaitingDevice, client: Client, access: RequestedAccess) {
        clientID = client.id
        clientName = client.metadata.name
        clientHost = client.origin.host
        isLoopbackOnly = false
        allowsRefreshTokens = client.refreshes
        demandedMethod = client.demandedMethod
        proofDemand = client.proofDemand
        documentDigest = client.documentDigest
        delivery = .device(device)
        resourceID = access.resource.id
        scope = access.scope
        implications = access.implications
        maxAge = nil
        contexts = []
        signedInAt = nil
        original = nil
        pushed = nil
    }

    /// Whether a sign-in is of an accepted kind and recent enough for the client.
    ///
    /// A sign-in for this very request stays recent for as long as a page can be sent, so that a user who reads slowly signs
    /// in once.
    func accepts(signIn authentication: Authentication, at now: Timestamp) -> Bool {
        guard contexts.isEmpty || contexts.contains(authentication.context) else { return false }
        guard let maxAge else { return true }
        let isForThisRequest = [signedInAt, choice?.madeAt].contains { since in
            since.map { authentication.time >= $0 } ?? false
        }
        let limit = isForThisRequest ? max(maxAge, InteractionSeal.lifetime - 1) : maxAge
        return now.isWithin(limit, of: authentication.time)
    }

    /// The verified redirect; nil for a device.
    var redirect: VerifiedRedirect? { if case .redirect(let redirect, _, _) = delivery { redirect } else { nil } }

    /// The device that collects the answer; nil for a client with a redirect.
    var device: WaitingDevice? { if case .device(let device) = delivery { device } else { nil } }

    /// Where the browser goes with the code that brings the client its session.
    func destination(issuer: Issuer, code: AuthorizationCode) -> ConsentEndpoint.Destination {
        switch delivery {
        case .redirect(let redirect, let state, _):
            .client(AuthorizationResponse(to: redirect, code: code, state: state, issuer: issuer).location)
        case .device: .device
        }
    }

    /// Where the browser goes with a refusal.
    func destination(issuer: Issuer, refusing error: OAuthError) -> ConsentEndpoint.Destination {
        switch delivery {
        case .redirect(let redirect, let state, _):
            .client(AuthorizationResponse(to: redirect, error: error, state: state, issuer: issuer).location)
        case .device: .device
        }
    }
}

// MARK: The stored text

extension PendingAuthorization {
    /// Above the longest request (16 KiB), whose characters may each take six in JSON.
    private static let limits = JSON.Limits(bytes: 256 * 1024, members: 10_000)

    /// The text that an interaction keeps.
    var text: String {
        var object = JSONObject()
        object[.clientID] = .string(clientID.string)
        object[.clientName] = .string(clientName)
        object[.clientHost] = clientHost.map(JSON.string)
        object[.isLoopbackOnly] = .bool(isLoopbackOnly)
        object[.refreshes] = .bool(allowsRefreshTokens)
        object[.demandedMethod] = demandedMethod.map { .string($0.rawValue) }
        object[.proofDemand] = proofDemand.stored.map(JSON.string)
        object[.documentDigest] = documentDigest.map { .string($0.base64URL) }
        switch delivery {
        case .redirect(let redirect, let state, let challenge):
            object[.redirectURI] = .string(redirect.uri.string)
            object[.state] = state.map(JSON.string)
            object[.challenge] = .string(challenge.string)
        case .device(let device): object[.device] = .object(device.stored)
        }
        object[.resourceID] = .string(resourceID.string)
        object[.scope] = .string(scope.string)
        object[.includes] = implications.direct.isEmpty ? nil : .object(implications.stored)
        object[.maxAge] = maxAge.map(JSON.integer)
        object[.contexts] = contexts.isEmpty ? nil : .strings(contexts.map(\.rawValue))
        object[.signedInAt] = signedInAt.map { .integer($0.seconds) }
        object[.original] = original.map(JSON.string)
        object[.pushed] = pushed.map { .string($0.base64URL) }
        object[.choice] = choice.map { .object($0.stored) }
        return JSON.object(object).text
    }

    /// Reads the text that `interaction` keeps; throws when a value is missing or no longer valid.
    init(of interaction: Interaction) throws {
        let object = try Self.object(interaction)
        let includes = object[.includes]?.object?.members ?? []
        clientID = try ClientID(object.text(.clientID))
        clientName = try object.text(.clientName)
        clientHost = object[.clientHost]?.string
        isLoopbackOnly = try object.value(.isLoopbackOnly) { $0.bool }
        allowsRefreshTokens = try object.value(.refreshes) { $0.bool }
        demandedMethod = try object[.demandedMethod].map { _ in
            try object.value(.demandedMethod) { $0.string.flatMap(ClientAuthenticationMethod.init) }
        }
        proofDemand = try ProofDemand(stored: object[.proofDemand]?.string)
        documentDigest = try object[.documentDigest].map { _ in
            try object.value(.documentDigest) {
                $0.string.flatMap { Base64URL.decode($0) }.flatMap { Digest(bytes: $0) }
            }
        }
        delivery = try Self.delivery(object)
        resourceID = try object.value(.resourceID) { $0.string.flatMap { ResourceID($0) } }
        scope = try ScopeSet(parsing: object.text(.scope))
        let direct = try includes.map { (try Scope($0.name), try ScopeSet(parsing: $0.value.string ?? "")) }
        implications = ScopeImplications(Dictionary(direct) { $0.union($1) })
        maxAge = object[.maxAge]?.integer
        contexts = (object[.contexts]?.strings ?? []).map(AuthenticationContext.init(rawValue:))
        signedInAt = object[.signedInAt]?.integer.map(Timestamp.init(seconds:))
        original = object[.original]?.string
        pushed = object[.pushed]?.string.flatMap { Base64URL.decode($0) }.flatMap { Digest(bytes: $0) }
        choice = object[.choice]?.object.flatMap(Choice.init(stored:))
    }

    /// Whether the client of `interaction` may hold refresh tokens. The token endpoint asks for this alone, so it reads no
    /// other member.
    static func allowsRefreshTokens(_ interaction: Interaction) throws -> Bool {
        try object(interaction).value(.refreshes) { $0.bool }
    }

    private static func delivery(_ object: JSONObject) throws -> Delivery {
        guard object[.device] == nil else {
            return .device(try object.value(.device) { $0.object.flatMap(WaitingDevice.init(stored:)) })
        }
        return .redirect(
            try RedirectRule.proven(kept: object.text(.redirectURI)), state: object[.state]?.string,
            challenge: try CodeChallenge(object.text(.challenge)))
    }

    private static func object(_ interaction: Interaction) throws -> JSONObject {
        try JSONObject(parsing: Array(interaction.request.utf8), limits: limits)
    }
}

extension PendingAuthorization.Choice {
    /// Nil for a choice that cannot be read: the consent page then shows its defaults.
    fileprivate init?(stored object: JSONObject) {
        guard let scopes = object["scopes"]?.strings, let madeAt = object["madeAt"]?.integer,
            let lifetime = object["lifetime"]?.string.flatMap(Lifetime.seconds)
        else { return nil }
        self.init(
            scope: ScopeSet(scopes.compactMap { try? Scope($0) }), lifetime: lifetime,
            replaces: Set((object["replacing"]?.strings ?? []).compactMap { SessionID($0) }),
            madeAt: Timestamp(seconds: madeAt))
    }

    fileprivate var stored: JSONObject {
        [
            "scopes": .strings(scope.scopes.map(\.string)), "lifetime": .string(Lifetime.text(lifetime)),
            "replacing": .strings(replaces.map(\.string).sorted()), "madeAt": .integer(madeAt.seconds),
        ]
    }
}

extension ScopeImplications {
    fileprivate var stored: JSONObject {
        var object = JSONObject()
        for (scope, included) in direct { object[scope.string] = .string(included.string) }
        return object
    }
}

/// The members of the stored JSON object. Rows outlive the version that wrote them: no name ever changes its meaning, and a
/// reader accepts the absence of every member that came later than the table.
private enum StoredMember: String {
    case clientID, clientName, clientHost, isLoopbackOnly, refreshes, demandedMethod, proofDemand, documentDigest
    case redirectURI, state, challenge, device, resourceID, scope, includes, maxAge, contexts, signedInAt, original,
        pushed, choice
}

/// A stored request that lacks a member or holds one of another form.
private struct UnreadableRequest: Error, CustomStringConvertible {
    let member: StoredMember
    var description: String { "a stored authorization request has no usable \(member.rawValue)" }
}

extension JSONObject {
    fileprivate subscript(member: StoredMember) -> JSON? {
        get { self[member.rawValue] }
        set { self[member.rawValue] = newValue }
    }

    fileprivate func value<Value>(_ member: StoredMember, _ read: (JSON) -> Value?) throws -> Value {
        guard let value = self[member].flatMap(read) else { throw UnreadableRequest(member: member) }
        return value
    }

    fileprivate func text(_ member: StoredMember) throws -> String { try value(member) { $0.string } }
}
