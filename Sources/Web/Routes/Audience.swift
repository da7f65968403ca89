/// Whom a door is for, which decides everything about an answer that is not the handler's.
///
/// Each rule is a switch without a default: a new audience does not compile until every rule has a word on it.
package enum Audience: Sendable, Hashable, CaseIterable {
    /// Whoever wants to know this server: metadata and keys, public and cacheable.
    case document
    /// Clients, scripts in browsers among them: token and revocation.
    case client
    /// MCP servers, with credentials of their own.
    case server
    /// People: what a browser opens.
    case page
    /// People: what a page of this server sends back.
    case form
    /// Operators and their probes, on a listener of their own.
    case operations
    /// The command line, over the admin socket.
    case admin
}

extension Audience {
    /// Whether errors are pages for people; all others are JSON for programs.
    var readsPages: Bool {
        switch self {
        case .page, .form: true
        case .document, .client, .server, .operations, .admin: false
        }
    }

    /// Whether scripts of any origin may read the answers: only where no cookie counts, so that a script reaches
    /// nothing that any other program does not reach as well.
    var isOpenToScripts: Bool {
        switch self {
        case .document, .client: true
        case .server, .page, .form, .operations, .admin: false
        }
    }

    /// Whether HEAD is answered by running what GET runs: only where that reads and never begins, spends or records. A route
    /// of another audience that only reads says so itself.
    var answersHead: Bool {
        switch self {
        case .document, .operations: true
        case .client, .server, .page, .form, .admin: false
        }
    }

    /// Whether MCP servers reach the door under the hosts of the back channel; a route may say otherwise.
    var isOnBackChannel: Bool {
        switch self {
        case .server: true
        case .document, .client, .page, .form, .operations, .admin: false
        }
    }

    /// Whether a request must come from a page of this server.
    var demandsOwnOrigin: Bool {
        switch self {
        case .form: true
        case .document, .client, .server, .page, .operations, .admin: false
        }
    }

    /// Whether whoever asks without good credentials is challenged for Basic even if it sent none.
    var alwaysChallenges: Bool {
        switch self {
        case .server: true
        case .document, .client, .page, .form, .operations, .admin: false
        }
    }
}
