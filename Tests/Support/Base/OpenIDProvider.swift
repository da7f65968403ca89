package import JOSE

/// A real OpenID provider on loopback with one client and two users: `ada` in the groups `staff` and `editors`, and `grace` in
/// `staff`. Their passwords are their login names.
///
/// `Tests/Python/openid_providers.py` says what each product can and cannot do. The stage ends it with all its processes.
package final class OpenIDProvider: Sendable {
    /// The software.
    package enum Product: String, CaseIterable, Sendable {
        case canaille, lemonldap
    }

    package static let clientID = "gatehouse"
    package static let clientSecret = "the-client-secret-at-the-provider"

    package let product: Product
    /// The issuer, an origin at 127.0.0.1.
    package let issuer: String
    /// The address at which a user of the provider signs out there.
    package var signOutAddress: String { issuer + (product == .canaille ? "/logout" : "/?logout=1") }
    private let conversation: Conversation

    /// Starts a provider and waits until discovery answers.
    ///
    /// - Parameters:
    ///   - relyingParty: the issuer of the Gatehouse under test.
    ///   - name: what that Gatehouse calls the provider, in `/sign-in/{name}/callback`.
    ///   - allowsOffline: whether LemonLDAP::NG gives refresh tokens that outlive the sign-in there, and asks nobody for consent.
    package init(
        _ product: Product, on stage: Stage, relyingParty: String, as name: String = "corp", allowsOffline: Bool = false
    ) async throws {
        self.product = product
        conversation = try Conversation("identity_provider.py", on: stage)
        let users = [("ada", "Ada Lovelace", ["staff", "editors"]), ("grace", "Grace Hopper", ["staff"])].map {
            login, full, groups in
            JSON.object([
                "login": .string(login), "name": .string(full), "email": .string("\(login)@corp.example"),
                "password": .string(login), "groups": .strings(groups),
            ])
        }
        issuer =
            try await conversation.ask(
                "listen",
                [
                    "product": .string(product.rawValue), "port": .integer(Int64(LoopbackPort.free())),
                    "folder": .string(stage.path("provider-\(name)")), "users": .array(users),
                    "offline": .bool(allowsOffline),
                    "secret": .string(Self.clientSecret),
                    "redirects": [.string("\(relyingParty)/sign-in/\(name)/callback")],
                    "logout_redirects": [.string("\(relyingParty)/sign-in/\(name)/signed-out")],
                ]
            ).string ?? ""
    }

    /// Puts a user into a group.
    package func add(_ user: String, to group: String) async throws {
        try await conversation.ask("join", ["user": .string(user), "group": .string(group)])
    }

    /// Takes a user out of a group.
    package func remove(_ user: String, from group: String) async throws {
        try await conversation.ask("leave", ["user": .string(user), "group": .string(group)])
    }

    /// Moves all sign-ins at the provider into the past. LemonLDAP::NG alone can do this.
    package func ageSignIns(by seconds: Int64) async throws {
        try await conversation.ask("age", ["seconds": .integer(seconds)])
    }

    /// Accepts assertions by a key of this JWK set, in place of the secret. Canaille alone can do this.
    package func trust(_ keys: String) async throws {
        try await conversation.ask("trust", ["keys": .string(keys)])
    }

    /// Replaces the signing key; the old key is not published any more.
    package func rotateKey() async throws { try await conversation.ask("rotate") }

    /// Stops listening. What the provider knows stays.
    package func stop() async throws { try await conversation.ask("stop") }

    /// Listens again after `stop`.
    package func restart() async throws { try await conversation.ask("start") }

    /// Signs a user in from the URL of an authentication request. Returns the callback, which nobody has opened.
    package func callback(of user: String, from url: String) async throws -> String {
        try await conversation.ask("walk", ["user": .string(user), "url": .string(url)]).string ?? ""
    }

    /// Runs the code flow as Authlib with a user who signs in at the provider. Returns `sub`, `groups`, and in `verified` whether
    /// `iss`, `aud` and `nonce` are right; or the `error` of the token endpoint.
    package func authlibToken(for user: String, withOtherVerifier: Bool = false) async throws -> JSONObject {
        try await conversation.ask(
            "token", ["user": .string(user), "other_verifier": .bool(withOtherVerifier)]
        ).object ?? [:]
    }
}
