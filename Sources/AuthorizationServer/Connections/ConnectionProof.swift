import JOSE
import OAuth

/// Binds the answer of a provider to the attempt that led to it: a PKCE verifier, and a nonce where the provider issues
/// ID tokens. Both stay on this server; the browser carries only the code challenge and the nonce.
struct ConnectionProof: Sendable, RedactedCredential {
    let verifier: CodeVerifier
    /// Only for requests with the scope `openid`: without an ID token no provider sends a nonce back.
    let nonce: String?

    /// A new proof for a request with these scopes.
    static func random(for scope: ScopeSet) -> ConnectionProof {
        let isOpenID = scope.scopes.contains { $0.string == "openid" }
        return ConnectionProof(verifier: .random(), nonce: isOpenID ? Random.token() : nil)
    }

    private init(verifier: CodeVerifier, nonce: String?) {
        self.verifier = verifier
        self.nonce = nonce
    }

    /// Reads the opened value of a row; nil if it is malformed.
    init?(_ bytes: [UInt8]) {
        guard let json = try? JSONObject(parsing: bytes),
            let verifier = json["verifier"]?.string.flatMap({ try? CodeVerifier($0) })
        else { return nil }
        self.init(verifier: verifier, nonce: json["nonce"]?.string)
    }

    /// The plain text that the vault seals.
    var bytes: [UInt8] { json.bytes }

    /// The members of that text.
    var json: JSONObject {
        var json: JSONObject = ["verifier": .string(verifier.reveal())]
        json["nonce"] = nonce.map(JSON.string)
        return json
    }

    /// Checks that the ID token carries the nonce of this attempt. An attacker who injects the code of another sign-in
    /// brings another nonce; some providers ignore PKCE, and then only the nonce stops the attack.
    ///
    /// The signature is not verified: the ID token comes from the token endpoint over TLS, and no claim about the user
    /// is used.
    ///
    /// Spec: OpenID Connect Core §3.1.3.7
    func check(_ idToken: Secret?) throws(ProviderFailure) {
        guard let nonce else { return }
        let parts = (idToken?.bytes ?? []).split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let payload = Base64URL.decode(String(decoding: parts[1], as: UTF8.self)),
            let claims = try? JSONObject(parsing: payload), let answered = claims["nonce"]?.string,
            ConstantTime.equal(Array(answered.utf8), Array(nonce.utf8))
        else { throw .unusable("its ID token does not belong to this attempt") }
    }
}
