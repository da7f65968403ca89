/// The `request_uri` of a pushed authorization request: a URN with a random part of 256 bits, in its only spelling.
///
/// Spec: RFC 9126 §2.2
package typealias PushedRequestURI = GeneratedCredential<PushedRequestURIUse>

/// The use of `PushedRequestURI`.
package enum PushedRequestURIUse: CredentialUse {
    package static let prefix = "urn:ietf:params:oauth:request_uri:"

    /// Whether a text has the form of a reference to a pushed request, whether valid or not. A URI of any other form, such as the
    /// address of a request object, is nobody's pushed request.
    package static func isReference(_ text: String) -> Bool { text.hasPrefix(prefix) }
}
