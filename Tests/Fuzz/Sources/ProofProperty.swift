import JOSE
import OAuth

/// A DPoP proof is accepted only with the key in its header, for one request, near its time.
///
/// The first line is the header, in which `KEY` stands for the public key, the second the claims. Both are signed as they are, so
/// that the fuzzer reaches the claims.
let proof: Property = { bytes in
    if let text = text(bytes), let found = try? DPoPProof(text) {
        demand(text.split(separator: ".").count == 3 && !found.id.isEmpty, "a proof of another form: \(text)")
    }
    let parts = lines(bytes)
    guard parts.count == 2, let header = text(parts[0])?.replacing("KEY", with: members),
        let compact = try? signed(Array(header.utf8), parts[1]), let found = try? DPoPProof(compact)
    else { return }
    demand(found.thumbprint.string == key.jwk.thumbprint, "a proof with the key of a stranger: \(compact)")
    guard let claims = try? JSONObject(parsing: parts[1]), let read = try? JSONObject(parsing: Array(header.utf8))
    else {
        return demand(false, "claims that are no JSON object are accepted")
    }
    demand(read["alg"]?.string == "ES256" && read["crit"] == nil, "another header is accepted")
    demand(read["jwk"]?.object?["d"] == nil, "a private key is accepted")
    guard (try? DPoPRule.check(found, for: request, now: now)) != nil else { return }
    demand(claims["htm"]?.string == "POST", "another method is accepted")
    demand(claims["htu"]?.string?.lowercased().hasPrefix("https://a.b") == true, "another address is accepted")
    demand(((now - 300)...(now + 300)).contains(found.issuedAt), "the time of another day is accepted")
}

private let now = Timestamp(seconds: 1000)
private let request = DPoPRequest(method: "POST", target: "https://a.b/t")
private let key = SigningKey.generate()
private let members: String = {
    var members = key.jwk.json
    for name in ["kid", "use", "alg"] { members[name] = nil }
    return JSON.object(members).text
}()

/// A token whose header and payload are these bytes, whatever they are.
private func signed(_ header: [UInt8], _ payload: [UInt8]) throws -> String {
    let message = Base64URL.encode(header) + "." + Base64URL.encode(payload)
    return try message + "." + Base64URL.encode(key.sign(Array(message.utf8)))
}
