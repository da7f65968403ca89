/// Why a signed token is refused, for the log: the sender gets the same response for every cause.
package enum JWTError: Error, Hashable, CustomStringConvertible {
    /// Longer than the caller accepts, in most places 8 KiB.
    case tooLarge
    /// Not three segments of canonical base64url with strict JSON.
    case malformed
    /// A header with a critical extension.
    case criticalHeader
    /// An algorithm that is unknown or that the caller does not accept.
    case algorithmNotAllowed
    /// A token of another type.
    case wrongType
    /// No key with this name and algorithm.
    case unknownKey(kid: String?)
    /// The key in the header is private, of an unknown type, or malformed.
    case unusableKey
    /// An invalid signature.
    case badSignature

    /// One sentence that contains no part of the token.
    package var description: String {
        switch self {
        case .tooLarge: "The token is too long."
        case .malformed: "The token is not well-formed."
        case .criticalHeader: "The token's header demands an extension that is not supported."
        case .algorithmNotAllowed: "The token's algorithm is not accepted here."
        case .wrongType: "The token has another type than expected."
        case .unknownKey: "No known key matches the token."
        case .unusableKey: "The key in the token's header is not a usable public key."
        case .badSignature: "The token's signature is not valid."
        }
    }
}
