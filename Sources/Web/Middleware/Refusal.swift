/// Why a request was turned away before anything looked at what it asks for.
package enum Refusal: Error, Sendable, Hashable {
    /// The message cannot be read as HTTP, or by no transfer coding that is known here.
    case malformedMessage
    /// The target is not a path of this server, or the Host is missing or doubled.
    case malformedTarget
    /// The Host is not the issuer's.
    case foreignHost
    /// Nothing is served at this path, or not in this spelling.
    case unknownPath
    /// The path is served, by the methods that are named here.
    case wrongMethod(allowed: String)
    /// The target is longer than any request of the protocol needs.
    case targetTooLong
    /// The body is longer than any request of the protocol needs.
    case bodyTooLarge
    /// The body is not a form of the type `application/x-www-form-urlencoded`.
    case notAForm
    /// The body is not of the type `application/json`.
    case notJSON
    /// A form was sent from another site.
    case crossSite
}
