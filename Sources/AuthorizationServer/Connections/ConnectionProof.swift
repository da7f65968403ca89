import JOSE
import OAuth

/// What ties a provider's answer to the very attempt that led to it: the PKCE verifier, and a nonce where the provider
/// gives out ID tokens. Both stay here; the browser carries what is made of them.
struct ConnectionProof: Sendable, RedactedCredential {
    let verifier: CodeVerifier
    /// Only for providers that are asked for `openid`: others would not send it back.
    let nonce: String?

    /// A new one for a request of these scopes.
    static func random(for scope: ScopeSet) -> ConnectionProof {
        let isOpenID = scope.scopes.contains { $0.string == "openid" }
        return ConnectionProof(verifier: .random(), nonce: isOpenID ? Random.token() : nil)
    }

    private init(verifier: CodeVerifier, nonce: String?) {
        self.verifier = verifier
        self.nonce = nonce
    }

    /// Reads what `bytes` wrote.
    init?(_ bytes: [UInt8]) {
        guard let json = try? JSONObject(parsing: bytes),
            let verifier = json["verifier"]?.string.flatMap({ try? CodeVerifier($0) })
        else { return nil }
        self.init(verifier: verifier, nonce: json["nonce"]?.string)
    }

    /// What is sealed.
    var bytes: [UInt8] {
        var json: JSONObject = ["verifier": .string(verifier.reveal())]
        json["nonce"] = nonce.map(JSON.string)
        return json.bytes
    }

    /// A code from somebody else's sign-in would come with somebody else's nonce; some providers ignore PKCE and have
    /// nothing but this against it. The ID token came straight from the token endpoint, and no claim about the person is
    /// taken from it, so its signature is not asked.
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
