import AuthorizationServer
import OAuth

/// Says which clients may register themselves here, and what that means.
struct RegistrationCheck {
    let mode: RegistrationMode

    init(_ configuration: ServerConfiguration) {
        mode = configuration.clients.registration
    }

    init(mode: RegistrationMode) {
        self.mode = mode
    }

    var findings: [Finding] {
        switch mode {
        case .known:
            [
                Finding(
                    "registration", .ok,
                    "Clients may register themselves ('known'), with redirects to the user's computer and with those of 'gatehouse "
                        + "clients redirects list'. A user still approves each session.")
            ]
        case .open:
            [
                Finding(
                    "registration", .warning,
                    "Every client may register itself with any https redirect ('open'), so that anyone can send your users a link "
                        + "whose consent page leads to a site of theirs. Set clients.registration to 'known', and allow single "
                        + "redirects with 'gatehouse clients redirects allow'.")
            ]
        case .token:
            [
                Finding(
                    "registration", .ok,
                    "Clients may register themselves only with a token of 'gatehouse clients invite' ('token').")
            ]
        case .off:
            [
                Finding(
                    "registration", .ok,
                    "No client may register itself ('off'). A client needs a metadata document, or 'gatehouse clients add'."
                )
            ]
        }
    }
}
