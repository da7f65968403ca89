import JOSE
import OAuth
import Storage

/// What this server keeps of a sign-in at an identity provider until the callback: nothing of it is in the browser's hands
/// except the nonce and the code challenge.
struct UpstreamProof: Sendable, RedactedCredential {
    /// PKCE code verifier and nonce.
    let connection: ConnectionProof
    /// The sealed request of the sign-in page.
    let page: String
    let demand: UpstreamDemand
    /// The link that the sign-in takes; nil for any other sign-in.
    let link: Digest?

    init(_ connection: ConnectionProof, page: String, demand: UpstreamDemand, link: Digest? = nil) {
        self.connection = connection
        self.page = page
        self.demand = demand
        self.link = link
    }

    /// Reads the opened value of a row; nil if it is malformed.
    init?(_ bytes: [UInt8]) {
        guard let json = try? JSONObject(parsing: bytes), let connection = ConnectionProof(bytes),
            let page = json["page"]?.string, let demand = json["demand"]?.object.flatMap(UpstreamDemand.init)
        else { return nil }
        let link = json["link"]?.string
        let digest = link.flatMap { Base64URL.decode($0) }.flatMap { Digest(bytes: $0) }
        // Without the link, its sign-in would become one that begins an account.
        guard link == nil || digest != nil else { return nil }
        self.init(connection, page: page, demand: demand, link: digest)
    }

    /// The plain text that the vault seals.
    var bytes: [UInt8] {
        var json = connection.json
        json["page"] = .string(page)
        json["demand"] = .object(demand.json)
        json["link"] = link.map { .string($0.base64URL) }
        return json.bytes
    }
}

extension ConnectionVault {
    /// Seals the proof of a sign-in for its row.
    func seal(_ proof: UpstreamProof, of state: Digest, in transaction: Transaction) throws -> [UInt8] {
        try seal(proof.bytes, Self.signInContext(state), in: transaction)
    }

    /// Opens the proof of a sign-in; nil if it does not open.
    func proof(of attempt: SignInAttempt) -> UpstreamProof? {
        open(attempt.proof, Self.signInContext(attempt.state)).flatMap(UpstreamProof.init)
    }

    /// Seals a client secret for the row of its identity provider.
    func seal(_ secret: Secret, ofIdentityProvider name: ProviderName, in transaction: Transaction) throws -> [UInt8] {
        try seal(secret.bytes, Self.identityContext(name), in: transaction)
    }

    /// The identity provider with its opened client secret, or with an assertion for one request.
    func access(to provider: IdentityProvider, now: Timestamp) throws(ProviderFailure) -> ProviderAccess {
        let registration = provider.registration
        if let audience = provider.assertionAudience {
            let assertion = try ProviderAssertion(of: provider, to: audience).signed(by: keys, now: now)
            return ProviderAccess(provider: registration, secret: nil, assertion: assertion)
        }
        guard let sealed = registration.clientSecret else { return ProviderAccess(provider: registration, secret: nil) }
        guard let plain = open(sealed, Self.identityContext(provider.name)) else {
            throw .unavailable("its client secret was sealed with a key that was removed; add the provider again")
        }
        return ProviderAccess(provider: registration, secret: Secret(bytes: plain))
    }

    /// The context of a sign-in's proof.
    static func signInContext(_ state: Digest) -> String { "sign-in attempt:\(state.base64URL)" }
    /// The context of a client secret. It differs from that of a provider of the same name.
    static func identityContext(_ provider: ProviderName) -> String { "identity provider:\(provider)" }
}
