import HTTPTypes

/// Names of header fields for which HTTPTypes has no constants.
enum FieldNames {
    static let host = name("Host")
    static let forwardedFor = name("X-Forwarded-For")
    static let frameOptions = name("X-Frame-Options")
    static let referrerPolicy = name("Referrer-Policy")
    static let openerPolicy = name("Cross-Origin-Opener-Policy")
    static let resourcePolicy = name("Cross-Origin-Resource-Policy")
    static let traceParent = name("traceparent")
    static let requestID = name("X-Request-ID")
    static let proof = name("DPoP")
    static let proofNonce = name("DPoP-Nonce")
    static let fetchSite = name("Sec-Fetch-Site")

    private static func name(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is not a field name") }
        return name
    }
}
