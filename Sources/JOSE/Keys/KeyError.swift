/// Why a key is not taken.
package enum KeyError: String, Error, CustomStringConvertible {
    /// Required members are missing or are not what they have to be.
    case malformed = "The key lacks a member that its type requires, or spells one wrongly."
    /// A type, curve or algorithm that is not understood.
    case unsupported = "The key's type, curve or algorithm is not supported."
    /// Members that belong into a private or a shared key.
    case privateMaterial = "The key holds private members; publish the public key only, and replace this one."
    /// An RSA key that is too small or too large, or whose exponent is unsafe.
    case unsafeSize = "The RSA key must have 2048 to 8192 bits and an odd exponent from 3 to 2^32."
    /// Numbers that are no valid key, such as a point off its curve.
    case invalid = "The key's numbers do not form a valid key."
    /// A key set of another shape.
    case malformedSet = "A key set is an object with an array of keys."
    /// A key set beyond the limit.
    case tooManyKeys = "The key set holds more than 100 keys."
    /// A private key file that cannot be read with this passphrase, or is no P-256 key.
    case unreadable = "The file is no P-256 private key that this passphrase opens."

    /// One sentence that quotes nothing of the key.
    package var description: String { rawValue }
}
