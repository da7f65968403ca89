package import OAuth

extension ConsentEndpoint {
    /// What a user decides about a request.
    package enum Decision: Sendable {
        case approved, denied
    }
}

/// The form that a browser sends from the consent page. Its values are well-formed; whether the page offered them is checked
/// when the decision is made.
package struct ConsentForm: Sendable {
    /// The button that was pressed, as the form names it.
    package enum Button: String, Sendable {
        case approve, deny
        /// To decide with another account.
        case switchAccount = "switch"
    }

    /// The page's own token: the interaction, and the proof that this browser was shown the page.
    let token: String
    /// Nil when the form names none of the buttons.
    let button: Button?
    /// The scopes that are ticked.
    let scope: ScopeSet
    /// The length of the session, in seconds; nil when none is chosen.
    let lifetime: Int64?
    /// The earlier sessions that are ticked to be replaced.
    let replaces: Set<SessionID>

    /// Reads the form; throws when a field that may come once is repeated.
    package init(_ form: Parameters) throws(OAuthError) {
        token = try form.value("token") ?? ""
        button = try form.value("decision").flatMap(Button.init(rawValue:))
        scope = ScopeSet(form.values("scope").compactMap { try? Scope($0) })
        lifetime = try form.value("lifetime").flatMap(Lifetime.seconds)
        replaces = Set(form.values("replace").compactMap { SessionID($0) })
    }
}
