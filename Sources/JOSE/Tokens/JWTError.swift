/// Why a signed token is not accepted; for the log, since what the sender hears is the same for all.
package enum JWTError: Error, Hashable, CustomStringConvertible {
    /// More than 8 KiB.
    case tooLarge
    /// Not three segments of canonical base64url around strict JSON.
    case malformed
    /// A header that demands an understanding of something.
    case criticalHeader
    /// An algorithm that is unknown or that the caller did not ask for.
    case algorithmNotAllowed
    /// A token of another kind.
    case wrongType
    /// No key of this name for this algorithm.
    case unknownKey(kid: String?)
    /// A signature that the key did not make.
    case badSignature

    /// One sentence that quotes nothing of the token.
    package var description: String {
        switch self {
        case .tooLarge: "The token is longer than 8 KiB."
        case .malformed: "The token is not well-formed."
        case .criticalHeader: "The token's header demands an extension that is not supported."
        case .algorithmNotAllowed: "The token's algorithm is not accepted here."
        case .wrongType: "The token is of another type than the one expected here."
        case .unknownKey: "No known key fits the token."
        case .badSignature: "The token's signature is not valid."
        }
    }
}
