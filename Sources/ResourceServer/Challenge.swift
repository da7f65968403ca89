/// A `WWW-Authenticate` challenge, for a bearer token or for a token that is bound to a key, with the scopes to request and the URL of the metadata.
///
/// Spec: RFC 6750 §3
/// Spec: RFC 9728 §5.1
/// Spec: RFC 9470 §3
/// Spec: RFC 9449 §7.1
struct Challenge {
    /// Nil for a request without a token, for which RFC 6750 §3.1 wants no error code.
    let error: Refusal.Kind?
    let description: String?
    let scopes: [String]
    let metadataURL: String
    var authentication = UserAuthentication()
    var scheme = Scheme.bearer

    /// The scheme that the client has to use.
    enum Scheme {
        case bearer
        /// A token with a proof, made with one of these algorithms.
        case bound(algorithms: [String])

        var name: String {
            switch self {
            case .bearer: "Bearer"
            case .bound: "DPoP"
            }
        }
    }

    var value: String {
        var parameters: [(String, String)] = []
        if let error { parameters.append(("error", error.rawValue)) }
        if let description { parameters.append(("error_description", description)) }
        if !scopes.isEmpty { parameters.append(("scope", scopes.joined(separator: " "))) }
        if !authentication.acrValues.isEmpty {
            parameters.append(("acr_values", authentication.acrValues.joined(separator: " ")))
        }
        if let age = authentication.maxAge { parameters.append(("max_age", "\(age)")) }
        parameters.append(("resource_metadata", metadataURL))
        if case .bound(let algorithms) = scheme { parameters.append(("algs", algorithms.joined(separator: " "))) }
        return "\(scheme.name) " + parameters.map { "\($0)=\(Self.quoted($1))" }.joined(separator: ", ")
    }

    /// A quoted-string without characters that would end it or the field early.
    private static func quoted(_ text: String) -> String {
        let plain = text.unicodeScalars.filter { (0x20...0x7E).contains($0.value) && $0 != "\"" && $0 != "\\" }
        return "\"" + String(String.UnicodeScalarView(plain)) + "\""
    }
}
