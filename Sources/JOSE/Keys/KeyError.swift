/// Why a key is refused.
package enum KeyError: String, Error, CustomStringConvertible {
    /// Required members are missing or malformed.
    case malformed = "The key lacks a member that its type requires, or spells one wrongly."
    /// An unknown type, curve or algorithm.
    case unsupported = "The key's type, curve or algorithm is not supported."
    /// Members of a private or symmetric key.
    case privateMaterial = "The key holds private members; publish the public key only, and replace this one."
    /// An RSA key that is too small or too large, or whose exponent is unsafe.
    case unsafeSize = "The RSA key must have 2048 to 4096 bits and an odd exponent from 65537 to 2^32."
    /// Numbers that are not a valid key, such as a point that is not on its curve.
    case invalid = "The key's numbers do not form a valid key."
    /// A malformed key set.
    case malformedSet = "A key set is an object with an array of keys."
    /// A key set with too many keys.
    case tooManyKeys = "The key set holds more than 100 keys."
    /// A private key file that the passphrase does not open, or that is not a P-256 key.
    case unreadable = "The file is not a P-256 private key, or the passphrase does not open it."

    /// One sentence that contains no part of the key.
    package var description: String { rawValue }
}
