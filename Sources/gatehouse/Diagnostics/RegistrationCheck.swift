import AuthorizationServer
import OAuth

/// Says which clients may register themselves here, and what that means.
struct RegistrationCheck {
    let mode: RegistrationMode
    /// Whether metadata documents are accepted from every host. An operator who restricts them may not expect that clients can
    /// register themselves all the same.
    let takesEveryDocument: Bool

    init(_ configuration: ServerConfiguration) {
        self.init(
            mode: configuration.registration, takesEveryDocument: configuration.documentsAllow.contains("*"))
    }

    init(mode: RegistrationMode, takesEveryDocument: Bool = true) {
        self.mode = mode
        self.takesEveryDocument = takesEveryDocument
    }

    var findings: [Finding] {
        let isOpen = mode == .known || mode == .open
        guard isOpen, !takesEveryDocument else {
            return [Finding("registration", mode == .open ? .warning : .ok, meaning)]
        }
        return [
            Finding(
                "registration", .warning,
                "Metadata documents are restricted by clients.metadata_documents.allow, but any client may register itself "
                    + "('\(mode.rawValue)'). Set clients.registration to 'token' or 'off' if only clients that you chose may ask your "
                    + "users for access.")
        ]
    }

    private var meaning: String {
        switch mode {
        case .known:
            "Clients may register themselves ('known'), with redirects to the user's computer and with those of 'gatehouse "
                + "clients redirects list'. A user still approves each session."
        case .open:
            "Every client may register itself with any https redirect ('open'), so that anyone can send your users a link whose "
                + "consent page leads to a site of theirs. Set clients.registration to 'known', and allow single redirects with "
                + "'gatehouse clients redirects allow'."
        case .token:
            "Clients may register themselves only with a token of 'gatehouse clients invite' ('token')."
        case .off:
            "No client may register itself ('off'). A client needs a metadata document, or 'gatehouse clients add'."
        }
    }
}
