package import JOSE

/// The rule for new passwords, wherever a password is set.
package enum PasswordRule {
    /// The shortest password, in characters.
    package static let shortest = 8
    /// The longest password, in bytes, as at the sign-in.
    package static let longest = 1024

    /// Why a password is not accepted.
    package enum Fault: Hashable, Sendable {
        case tooShort
        /// The password is too long or holds control characters.
        case unusable
    }

    /// Why `password` is not accepted; nil for an acceptable one.
    package static func fault(of password: Secret) -> Fault? {
        guard password.reveal().count >= shortest else { return .tooShort }
        guard password.bytes.count <= longest, password.bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            return .unusable
        }
        return nil
    }
}
