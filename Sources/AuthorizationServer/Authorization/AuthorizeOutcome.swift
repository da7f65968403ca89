package import OAuth

/// What the browser is shown in answer to an authorization request.
package enum AuthorizeOutcome: Sendable {
    /// The sign-in page, which carries the sealed request.
    case signIn(SignInPrompt)
    /// The consent page of this interaction, on which the signed-in user decides.
    case consent(InteractionID)
    /// The request was refused.
    case refused(AuthorizeRefusal)
}

/// The content of the sign-in page.
package struct SignInPrompt: Sendable {
    /// The name of a registered client, or the host of a client's metadata document; nil for an unknown client.
    package let client: String?
    /// The sealed request, which the form returns with the user's proof.
    package let token: String
    /// The name of the user who is signed in, but too long ago, and has to sign in again; nil for any other reason.
    package let account: String?
    /// The account name that the client suggests (`login_hint`).
    package let hint: String?

    /// The name of the MCP server that requires the sign-in to be fresh; nil for any other reason.
    package let requiredBy: String?

    init(
        client: String?, token: String, account: String? = nil, hint: String? = nil, requiredBy: String? = nil
    ) {
        self.requiredBy = requiredBy
        self.client = client
        self.token = token
        self.account = account
        self.hint = hint
    }
}

/// How a refused authorization request is answered.
package enum AuthorizeRefusal: Sendable {
    /// On a page here: the redirect is not verified, so the browser goes nowhere.
    case page(OAuthError)
    /// By a redirect to a client that an operator registered or that this user approved before.
    case redirect(String, OAuthError)
    /// By a page with a link, for any other client: a redirect without a click would make this server an open redirector.
    case link(String, OAuthError)
    /// On a page that names the MCP server and its owner: its access rule keeps the user out.
    case noAccess(NoAccess)

    /// The same refusal with the `client_id` of the request, for the log.
    func asked(by client: String) -> AuthorizeRefusal {
        switch self {
        case .page(let error): .page(error.asked(by: client))
        case .redirect(let location, let error): .redirect(location, error.asked(by: client))
        case .link(let location, let error): .link(location, error.asked(by: client))
        case .noAccess: self
        }
    }

    var error: OAuthError {
        switch self {
        case .page(let error), .redirect(_, let error), .link(_, let error): error
        case .noAccess(let refusal): refusal.error
        }
    }

    /// Where the refusal is shown, in the words of a trace.
    var destination: AuthorizationStep.RefusalDestination {
        switch self {
        case .page, .noAccess: .onPage
        case .redirect: .byRedirect
        case .link: .byLink
        }
    }
}
