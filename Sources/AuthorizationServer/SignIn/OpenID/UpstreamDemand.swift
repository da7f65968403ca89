import JOSE
import OAuth
import Storage

/// What a waiting request demands of a sign-in at an identity provider. It travels to the provider in the browser, which can
/// change it, so the answer is compared with it.
///
/// Spec: OpenID Connect Core §3.1.2.1
struct UpstreamDemand: Hashable, Sendable {
    /// The `max_age` of a request for a new sign-in, in seconds. A provider must send `auth_time` to a request that names one.
    private static let freshAge: Int64 = 300

    /// Whether the user has to authenticate at the provider now.
    let isAnew: Bool
    /// The greatest age of the authentication, in seconds; nil for any.
    let maxAge: Int64?
    /// The accepted authentication contexts, the preferred first; empty for any.
    let contexts: [AuthenticationContext]
    /// The account name that the client suggests.
    let hint: String?

    /// The demand of a page that waits. A page that a signed-in user has to sign in for again demands a new authentication.
    init(of waiting: InteractionSeal.Waiting, isSignedIn: Bool) {
        switch waiting {
        case .authorization(let parameters, _, _, _):
            let draft = try? AuthorizationDraft(parameters)
            let demand = draft.flatMap { try? AuthorizationRequest($0.parameters).authentication }
            // `max_age=0` means the same as `prompt=login`, and some providers ask without end when it is passed on.
            let isNow = demand?.maxAge == 0
            self.init(
                isAnew: isNow || demand?.isAnew ?? false, maxAge: isNow ? nil : demand?.maxAge,
                contexts: demand?.contexts ?? [], hint: draft?.loginHint)
        case .account(let isAgain): self.init(isAnew: isAgain)
        case .consent, .elicitation, .device: self.init(isAnew: isSignedIn)
        }
    }

    init(isAnew: Bool, maxAge: Int64? = nil, contexts: [AuthenticationContext] = [], hint: String? = nil) {
        self.isAnew = isAnew
        self.maxAge = maxAge
        self.contexts = contexts
        self.hint = hint
    }

    /// The same demand with the address that the user typed, in place of what the client suggests.
    func hinting(at address: String?) -> UpstreamDemand {
        UpstreamDemand(isAnew: isAnew, maxAge: maxAge, contexts: contexts, hint: address ?? hint)
    }

    /// The parameters of the authentication request to a provider. Of the accepted contexts it gets those that it can be asked for:
    /// another provider's would mean nothing to it, or something else.
    func parameters(for provider: IdentityProvider) -> [(ParameterName, String)] {
        let contexts = contexts.filter(provider.contexts.contains)
        var parameters: [(ParameterName, String)] = []
        if isAnew { parameters.append((.prompt, "login")) }
        if let age = isAnew ? Self.freshAge : maxAge { parameters.append((.maxAge, String(age))) }
        if !contexts.isEmpty {
            parameters.append((.acrValues, contexts.map(\.rawValue).joined(separator: " ")))
        }
        if let hint { parameters.append((.loginHint, hint)) }
        return parameters
    }

    /// Whether an authentication is as recent as demanded. One whose time the provider does not tell never is.
    func isMet(by authTime: Timestamp?, begunAt start: Timestamp, now: Timestamp) -> Bool {
        guard isAnew || maxAge != nil else { return true }
        guard let authTime else { return false }
        if isAnew, authTime + IDTokenRule.clockSkew < start { return false }
        return maxAge.map { now - authTime <= $0 + IDTokenRule.clockSkew } ?? true
    }

    /// The demand in the sealed proof of an attempt.
    var json: JSONObject {
        var json: JSONObject = ["anew": .bool(isAnew)]
        json["max_age"] = maxAge.map(JSON.integer)
        return json
    }

    /// Reads what `json` wrote; contexts and hint are not needed again.
    init?(_ json: JSONObject) {
        guard let isAnew = json["anew"]?.bool else { return nil }
        self.init(isAnew: isAnew, maxAge: json["max_age"]?.integer)
    }
}
