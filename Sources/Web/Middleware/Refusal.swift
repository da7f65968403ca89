/// The reason for which a check refuses a request before its handler runs.
package enum Refusal: Error, Sendable, Hashable {
    /// The message is not well-formed HTTP, or uses an unsupported transfer coding.
    case malformedMessage
    /// The target is not a path, or the Host field is missing or repeated.
    case malformedTarget
    /// The Host is not a host of this server.
    case foreignHost
    /// No route has this path in this spelling.
    case unknownPath
    /// The path exists but does not support the method; `allowed` lists the methods that it supports.
    case wrongMethod(allowed: String)
    /// The target is longer than `StrictPath.maximumTargetLength`.
    case targetTooLong
    /// The body is longer than the limit of the route.
    case bodyTooLarge
    /// The body is not a form of the type `application/x-www-form-urlencoded`.
    case notAForm
    /// The body is not of the type `application/json`.
    case notJSON
    /// Another site submitted the form.
    case crossSite
}
