package import JOSE

/// The response to a pushed authorization request.
///
/// Spec: RFC 9126 §2.2
package struct PushedAuthorizationResponse: Hashable, Sendable, RedactedCredential {
    /// The URI that the client sends to the authorization endpoint instead of the parameters.
    package let requestURI: PushedRequestURI
    /// For how many seconds the URI can be used.
    package let expiresIn: Int64

    /// Makes a response.
    package init(requestURI: PushedRequestURI, expiresIn: Int64) {
        self.requestURI = requestURI
        self.expiresIn = expiresIn
    }

    /// The body.
    package var json: JSON {
        ["request_uri": .string(requestURI.reveal()), "expires_in": .integer(expiresIn)]
    }
}
