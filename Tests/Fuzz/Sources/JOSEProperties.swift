import Foundation
import JOSE

/// What we accept, Foundation accepts and understands alike; what we write, we read back byte by byte.
let json: Property = { bytes in
    guard let value = try? JSON.parse(bytes) else { return }
    guard let again = try? JSON.parse(value.bytes, limits: .init(bytes: .max)) else {
        return demand(false, "what was written is not read: \(value.text)")
    }
    demand(again.bytes == value.bytes, "written twice in two ways: \(value.text)")
    guard let other = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed) else {
        return demand(false, "Foundation refuses \(value.text)")
    }
    demand(isSame(value, other), "Foundation reads \(other) where we read \(value.text)")
}

private func isSame(_ value: JSON, _ other: Any) -> Bool {
    switch (value, other) {
    case (.null, is NSNull): true
    case (.bool(let value), let other as NSNumber): value == other.boolValue
    case (.integer(let value), let other as NSNumber): value == other.int64Value
    // Foundation keeps many digits as a decimal number and rounds them in its own way.
    case (.number(let value), let other as NSNumber): abs(value - other.doubleValue) <= abs(value) * 1e-14
    case (.string(let value), let other as String): value.utf8.elementsEqual(other.utf8)
    case (.array(let values), let others as [Any]):
        values.count == others.count && zip(values, others).allSatisfy { isSame($0, $1) }
    case (.object(let object), let others as [String: Any]):
        // Foundation takes two names for one that Swift calls equal, though their bytes differ.
        object.members.count >= others.count
    default: false
    }
}

/// One text for one list of bytes, and the same as Foundation's base64 in other letters.
let base64URL: Property = { bytes in
    let written = Base64URL.encode(bytes)
    let usual = Data(bytes).base64EncodedString()
        .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    demand(written == usual, "Foundation writes \(usual), not \(written)")
    demand(Base64URL.decode(written) == bytes, "\(written) is not read back")
    guard let text = text(bytes), let decoded = Base64URL.decode(text) else { return }
    demand(Base64URL.encode(decoded).utf8.elementsEqual(bytes), "\(text) is a second spelling")
}

/// Only what the holder of the key signed is ever accepted.
let jws: Property = { bytes in
    let all = Set(SignatureAlgorithm.allCases)
    if let compact = text(bytes), let verified = try? JWS.verify(compact, algorithms: all, keys: trusted) {
        let signed = compact.split(separator: ".").dropLast().joined(separator: ".")
        demand(signedTexts.contains(signed), "nobody signed \(compact)")
        demand(Base64URL.encode(verified.payload) == signed.split(separator: ".").last ?? "", "another payload")
    }
    let parts = lines(bytes)
    let compact = [parts[0], parts.dropFirst().first ?? [], [UInt8](repeating: 1, count: 64)].map(Base64URL.encode)
        .joined(separator: ".")
    demand((try? JWT.verify(compact, typ: "at+jwt", algorithms: all, keys: trusted)) == nil, "nobody signed \(compact)")
}

/// The keys and what they signed: RFC 7515 A.3 and RFC 8037 A.4.
private let trusted: VerificationKeySet = {
    let keys = [
        #"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","#
            + #""y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
        #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
    ]
    return VerificationKeySet(
        JWKSet(keys.compactMap { try? JWK(json: JSONObject(parsing: Array($0.utf8))) }))
}()

private let signedTexts: Set<String> = [
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
        + "fQ", "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
]

/// A key that is read has one form and one name, and nothing private in it.
let jwk: Property = { bytes in
    guard let object = try? JSONObject(parsing: bytes) else { return }
    _ = try? JWKSet(json: object)
    guard let key = try? JWK(json: object) else { return }
    guard let again = try? JWK(json: key.json) else { return demand(false, "not read back: \(key.json.text)") }
    demand(again == key && again.thumbprint == key.thumbprint, "another key: \(key.json.text)")
    demand(["d", "p", "q", "k"].allSatisfy { key.json[$0] == nil }, "private: \(key.json.text)")
    _ = try? VerificationKey(key)
}
