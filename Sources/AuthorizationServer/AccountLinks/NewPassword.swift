import JOSE

/// A new password, typed twice.
struct NewPassword: Sendable {
    let new: Secret
    let again: Secret

    /// The problem of the password; nil if it is acceptable.
    var fault: PasswordChangeError? {
        guard new == again else { return .differs }
        switch PasswordRule.fault(of: new) {
        case .tooShort: return .tooShort
        case .unusable: return .unusable
        case nil: return nil
        }
    }
}
