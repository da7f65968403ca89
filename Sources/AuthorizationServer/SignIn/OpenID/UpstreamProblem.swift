import OAuth
import Storage

/// Why a sign-in at an identity provider signed nobody in. The user is shown a sentence for each; the cause is for the log.
package enum UpstreamProblem: Error, Hashable, Sendable {
    /// The provider was removed or changed meanwhile.
    case removed
    /// The callback came more than ten minutes after the start.
    case late
    /// Another window used the callback already.
    case used
    /// Another issuer than the provider answered.
    case wrongIssuer
    /// The user cancelled at the provider.
    case denied
    /// The provider does not answer.
    case unavailable(cause: String)
    /// The provider's answer or its ID token is not acceptable.
    case unusable(cause: String)
    /// The authentication is older than the waiting request demands, or the provider does not tell its age.
    case notRecent
    /// The account is of none of the admitted domains.
    case otherDomain
    /// The provider left the groups out because they are too many.
    case tooManyGroups
    /// The token has no readable groups, and the provider admits only members of some.
    case noGroups
    /// The user is in none of the admitted groups.
    case notInGroup
    /// The account is linked to no user here.
    case notLinked
    /// The account was not invited.
    case notInvited
    /// The account has not the verified address that the invitation names.
    case otherAddress
    /// The link that the sign-in was to take is not valid any more.
    case link(AccountLinkEndpoint.Refusal)
    /// The user here is disabled.
    case disabled
    /// The account belongs to another user here.
    case taken

    /// The problem of a failed request to the provider.
    init(_ failure: ProviderFailure) {
        self =
            switch failure {
            case .unavailable: .unavailable(cause: "\(failure)")
            case .refused, .unusable, .scopeExceeded: .unusable(cause: "\(failure)")
            }
    }

    /// The outcome in the log.
    var word: String {
        switch self {
        case .removed: "provider_removed"
        case .late: "late"
        case .used: "used"
        case .wrongIssuer: "other_issuer"
        case .denied: "denied"
        case .unavailable: "provider_unavailable"
        case .unusable: "answer_unusable"
        case .notRecent: "not_recent"
        case .otherDomain: "other_domain"
        case .tooManyGroups: "too_many_groups"
        case .noGroups: "no_groups"
        case .notInGroup: "not_in_group"
        case .notLinked: "not_linked"
        case .notInvited: "not_invited"
        case .otherAddress: "other_address"
        case .link: "link_not_valid"
        case .disabled: "account_disabled"
        case .taken: "other_account"
        }
    }

    /// What the operator has to know beyond the outcome; nil for nothing.
    var cause: String? {
        switch self {
        case .unavailable(let cause), .unusable(let cause): cause
        case .tooManyGroups:
            "the ID token leaves the groups out because they are too many; let the provider send only the groups of this "
                + "application"
        case .noGroups: "the ID token has no list of groups in the claim that --group-claim names"
        case .notRecent: "the ID token has no auth_time, or one that is too old"
        case .otherAddress:
            "the ID token has another address than the invitation, or none with email_verified; some providers verify none"
        case .removed, .late, .used, .wrongIssuer, .denied, .otherDomain, .notInGroup, .notLinked, .notInvited,
            .disabled, .taken, .link:
            nil
        }
    }
}
