package import JOSE

/// What the password of an account has to be, wherever it is set.
package enum PasswordRule {
    /// In characters.
    package static let shortest = 8
    /// In bytes, as everywhere that passwords are taken.
    package static let longest = 1024

    /// What is wrong with a password.
    package enum Fault: Hashable, Sendable {
        case tooShort
        /// It is too long, or has characters that nobody can type.
        case unusable
    }

    /// What is wrong with this one; nil when nothing is.
    package static func fault(of password: Secret) -> Fault? {
        guard password.reveal().count >= shortest else { return .tooShort }
        guard password.bytes.count <= longest, password.bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            return .unusable
        }
        return nil
    }
}
