/// The callers that a route serves, which decide everything about an answer except what the handler returns.
///
/// Each rule is a switch without a default, so that a new audience does not compile until every rule covers it.
package enum Audience: Sendable, Hashable, CaseIterable {
    /// Anyone: metadata and keys, public and cacheable.
    case document
    /// OAuth clients, including scripts in browsers: token and revocation.
    case client
    /// MCP servers, which authenticate with their own credentials.
    case server
    /// Users: a page that a browser opens.
    case page
    /// Users: a form that a page of this server submits.
    case form
    /// Operators and their probes, on a listener of their own.
    case operations
    /// The command line, over the admin socket.
    case admin
}

extension Audience {
    /// Whether errors are HTML pages; for all other audiences they are JSON.
    var readsPages: Bool {
        switch self {
        case .page, .form: true
        case .document, .client, .server, .operations, .admin: false
        }
    }

    /// Whether scripts of any origin may read the answers. This is safe only where cookies do not authenticate: a script
    /// then reads nothing that another program could not read as well.
    var isOpenToScripts: Bool {
        switch self {
        case .document, .client: true
        case .server, .page, .form, .operations, .admin: false
        }
    }

    /// Whether HEAD runs the handler of GET. This is safe only where GET changes and records nothing. A read-only route of
    /// another audience declares it with `onlyReading()`.
    var answersHead: Bool {
        switch self {
        case .document, .operations: true
        case .client, .server, .page, .form, .admin: false
        }
    }

    /// Whether the hosts of the back channel serve the route; a route can override this.
    var isOnBackChannel: Bool {
        switch self {
        case .server: true
        case .document, .client, .page, .form, .operations, .admin: false
        }
    }

    /// Whether a request must come from a page of this server, which prevents cross-site request forgery.
    var demandsOwnOrigin: Bool {
        switch self {
        case .form: true
        case .document, .client, .server, .page, .operations, .admin: false
        }
    }

    /// Whether a request without credentials gets a challenge for HTTP Basic, as one with wrong credentials does.
    var alwaysChallenges: Bool {
        switch self {
        case .server: true
        case .document, .client, .page, .form, .operations, .admin: false
        }
    }
}
