import AuthorizationServer
import HTTPTypes
import OAuth

extension UpstreamProblem {
    /// The problem as the sign-in page shows it: what happened, and what the user can do. Nothing of the provider's text is in it.
    func sentence(at provider: ProviderName) -> PlainText {
        switch self {
        case .removed: "This way to sign in changed in the meantime. Choose it again, or choose another one."
        case .late: PlainText("Signing in at \(provider) took longer than ten minutes. Try again.")
        case .used: PlainText("Another window already used this answer of \(provider). Continue there, or try again.")
        case .wrongIssuer:
            PlainText("The answer came from another site than \(provider), so Gatehouse ignored it. Try again.")
        case .denied: PlainText("You did not sign in at \(provider). Try again, or choose another way.")
        case .unavailable: PlainText("\(provider) cannot be reached at the moment. Try again in a minute.")
        case .unusable:
            PlainText("Gatehouse cannot accept the answer of \(provider). Ask your administrator to look at the log.")
        case .notRecent:
            PlainText(
                "\(provider) did not confirm that you signed in just now, which this request requires. Try again.")
        case .otherDomain, .notInGroup:
            PlainText(
                "Your account at \(provider) may not sign in here. Use another account, or ask your administrator.")
        case .tooManyGroups:
            PlainText(
                "Your account at \(provider) has too many groups. Ask your administrator to let \(provider) send fewer."
            )
        case .noGroups:
            PlainText("\(provider) did not send your groups, which Gatehouse requires. Ask your administrator.")
        case .notLinked:
            PlainText(
                "Your account at \(provider) is not linked to an account here. Sign in another way, then link it on your "
                    + "account page.")
        case .notInvited:
            PlainText("Your account at \(provider) has no access here. Ask your administrator for an invitation.")
        case .otherAddress:
            PlainText(
                "The invitation is for another account: your account at \(provider) does not have the verified address that "
                    + "the invitation names.")
        case .link: "The link is not valid any more."
        case .disabled: "Your account here is disabled. Ask your administrator."
        case .taken: PlainText("Your account at \(provider) belongs to another user here.")
        }
    }

    /// The status of the page: the provider's fault, the account's, or a callback that did not count.
    var httpStatus: HTTPResponse.Status {
        switch self {
        case .unavailable: .serviceUnavailable
        case .unusable: .badGateway
        case .otherDomain, .notInGroup, .tooManyGroups, .noGroups, .notLinked, .notInvited, .disabled, .taken,
            .otherAddress:
            .forbidden
        case .link(let refusal): refusal.status
        case .removed, .late, .used, .wrongIssuer, .denied, .notRecent: .badRequest
        }
    }
}
