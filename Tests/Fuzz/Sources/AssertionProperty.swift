import JOSE
import OAuth

/// Nobody authenticates with an assertion that the client's key did not sign, or signed with other claims than the rule demands.
///
/// The first line is the header, the second the claims; both are signed as they are, so that the fuzzer reaches the claims.
let assertion: Property = { bytes in
    if let text = text(bytes), let assertion = try? ClientAssertion(text) {
        demand((try? assertion.verified(by: strangers, rule, now: now)) == nil, "nobody signed \(text)")
    }
    let parts = lines(bytes)
    guard parts.count == 2, let compact = try? signed(parts[0], parts[1]), let assertion = try? ClientAssertion(compact)
    else { return }
    demand((try? assertion.verified(by: strangers, rule, now: now)) == nil, "a stranger's key verifies \(compact)")
    guard let verified = try? assertion.verified(by: own, rule, now: now) else { return }
    guard let claims = try? JSONObject(parsing: parts[1]), let header = try? JSONObject(parsing: parts[0]) else {
        return demand(false, "claims that are no JSON object are accepted")
    }
    demand(header["alg"]?.string == "ES256" && header["crit"] == nil, "another header is accepted")
    demand(claims["iss"]?.string == client && claims["sub"]?.string == client, "another client is accepted")
    let audience = claims["aud"]
    demand(audience == .string(issuer) || audience == [.string(issuer)], "another audience is accepted")
    demand(claims["jti"]?.string == verified.tokenID && !verified.tokenID.isEmpty, "another jti is spent")
    demand(((now + 1)...(now + 600)).contains(verified.expiresAt), "the time of another day is accepted")
}

private let client = "c"
private let issuer = "https://a.b"
private let now = Timestamp(seconds: 1000)
private let key = SigningKey.generate()
private let own = VerificationKeySet([key.verification])
private let strangers = VerificationKeySet([SigningKey.generate().verification])
private let rule: ClientAssertionRule = {
    guard let issuer = try? Issuer(issuer) else { preconditionFailure("the issuer of the fuzzer is not one") }
    return ClientAssertionRule(issuer: issuer, client: client)
}()

/// A token whose header and payload are these bytes, whatever they are.
private func signed(_ header: [UInt8], _ payload: [UInt8]) throws -> String {
    let message = Base64URL.encode(header) + "." + Base64URL.encode(payload)
    return try message + "." + Base64URL.encode(key.sign(Array(message.utf8)))
}
