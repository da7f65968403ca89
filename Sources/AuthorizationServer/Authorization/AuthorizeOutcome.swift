package import OAuth

/// What a browser that brought an authorization request is shown next.
package enum AuthorizeOutcome: Sendable {
    /// The person has to sign in first; the request travels sealed in the page.
    case signIn(SignInPrompt)
    /// The request became an interaction of the signed-in person, who now decides.
    case consent(InteractionID)
    /// The request was refused.
    case refused(AuthorizeRefusal)
}

/// What the sign-in page shows and carries.
package struct SignInPrompt: Sendable {
    /// The name of a registered client or the host of a document's, as text; nil when nothing is known.
    package let client: String?
    /// The sealed request, to be handed back with name and password.
    package let token: String
    /// The name of who is signed in already and has to sign in once more, because that was too long ago.
    package let account: String?
    /// The name that the client expects to sign in: a suggestion.
    package let hint: String?

    init(client: String?, token: String, account: String? = nil, hint: String? = nil) {
        self.client = client
        self.token = token
        self.account = account
        self.hint = hint
    }
}

/// How a refused authorization request is answered.
package enum AuthorizeRefusal: Sendable {
    /// On a page of our own: the redirect is not proven, so the browser goes nowhere.
    case page(OAuthError)
    /// By sending the browser back to a client that an operator vouches for or this person approved before.
    case redirect(String, OAuthError)
    /// By a page with a link back, for a client that nobody here has ever approved: it must not get to steer browsers.
    case link(String, OAuthError)

    /// The same refusal, with the name of the client that asked, for the log.
    func asked(by client: String) -> AuthorizeRefusal {
        switch self {
        case .page(let error): .page(error.asked(by: client))
        case .redirect(let location, let error): .redirect(location, error.asked(by: client))
        case .link(let location, let error): .link(location, error.asked(by: client))
        }
    }

    var error: OAuthError {
        switch self {
        case .page(let error), .redirect(_, let error), .link(_, let error): error
        }
    }

    /// Where the refusal is shown, in the words of a trace.
    var destination: AuthorizationStep.RefusalDestination {
        switch self {
        case .page: .onPage
        case .redirect: .byRedirect
        case .link: .byLink
        }
    }
}
