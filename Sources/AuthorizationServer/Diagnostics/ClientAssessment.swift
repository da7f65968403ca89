import OAuth
import Storage

/// Predicts how the server will treat a client, by applying to its metadata the rules that decide about its requests.
struct ClientAssessment: Sendable {
    let client: Client
    let settings: Settings

    /// How many live sessions are counted at most.
    static let mostSessions = 1000
    /// A port that no client registers, to test whether the port of a redirect counts.
    private static let anyPort = 49_217

    func findings(resources: [Resource], liveSessions: Int) -> [Finding] {
        let open = resources.filter { client.mayUse($0.id) }
        return [naming, method, grants, refreshing] + redirects + [scopes(open), servers(open), use(liveSessions)]
    }

    // MARK: Who it is

    private var naming: Finding {
        let (name, origin) = (client.shown.name, client.shown.origin)
        let vouched =
            switch origin {
            case .registered: ", which an administrator registered."
            case .document(let host): " and the host \(host), which claims that name; nobody verified the name."
            case .selfRegistered: ", and that the client registered itself; nobody verified the name."
            }
        return Finding("consent page", .ok, "The page shows the name '\(name)'\(vouched)")
    }

    // MARK: How it gets tokens

    private var method: Finding {
        let detail =
            client.metadata.authMethod == .none
            ? "A public client: it authenticates by none at the token endpoint, and by PKCE in each authorization."
            : "It authenticates by \(client.metadata.authMethod) at the token endpoint."
        return Finding("authentication", .ok, detail)
    }

    private var grants: Finding {
        guard client.metadata.allows(.authorizationCode) else {
            return Finding(
                "grants", .problem,
                "It did not register authorization_code, so each of its requests is refused with unauthorized_client. Its "
                    + "developer must add that to grant_types, or leave grant_types out.")
        }
        guard let named = client.metadata.grantTypes else {
            return Finding("grants", .ok, "It registers no grant_types, so it may use those of this server.")
        }
        let served: [GrantType] = [.authorizationCode, .refreshToken]
        let others = named.filter { !served.contains($0) }.map(\.rawValue).sorted().joined(separator: ", ")
        let used = served.filter(named.contains).map(\.rawValue).joined(separator: " and ")
        return Finding("grants", .ok, "It may use \(used)\(others.isEmpty ? "." : "; ignored: \(others).")")
    }

    private var refreshing: Finding {
        guard client.refreshes else {
            return Finding(
                "refresh", .warning,
                "It gets no refresh token, because its grant_types do not include refresh_token. Its user approves again when "
                    + "the access token expires, after an hour at most.")
        }
        return Finding(
            "refresh", .ok, "It gets refresh tokens, and access tokens of \(Lifetime.text(settings.tokens.access)).")
    }

    // MARK: Where its answers go

    private var redirects: [Finding] {
        let uris = client.metadata.redirectURIs
        let each = uris.map { uri in Finding("redirect", .ok, "\(uri.string)\(portRule(of: uri, among: uris))") }
        guard uris.allSatisfy(\.isLoopback) else { return each }
        return each + [
            Finding(
                "redirect", .ok,
                "All redirects lead to the user's own computer, where any program may answer. The consent page warns of it."
            )
        ]
    }

    private func portRule(of uri: RedirectURI, among uris: [RedirectURI]) -> String {
        if let scheme = uri.ownScheme {
            return
                ": exactly so, by a button that the user presses. Another app can claim '\(scheme):' as well; the consent "
                + "page warns of it."
        }
        guard uri.kind == .loopback, let host = uri.host else { return ": exactly so." }
        let front = "http://\(host)"
        let elsewhere = "\(front):\(Self.anyPort)\(uri.withoutLoopbackPort.dropFirst(front.count))"
        let isAny =
            RedirectRule.verify(
                elsewhere, registered: uris, localhostAnyPort: settings.clients.localhostAnyPort) != nil
        return isAny
            ? ": with any port, and exactly this path."
            : ": with this port alone, because clients.localhost_any_port is off."
    }

    // MARK: What it may reach

    private func scopes(_ open: [Resource]) -> Finding {
        guard let named = client.metadata.scope else {
            return Finding("scopes", .ok, "It registers none; the scopes of each request count.")
        }
        let known = open.reduce(ScopeSet([])) { $0.union($1.catalogue.known) }
        let words = named.scopes.map {
            known.contains($0) ? $0.string : "\($0.string) (unknown to every MCP server here)"
        }
        return Finding(
            "scopes", .ok, "It registers \(words.joined(separator: ", ")); the scopes of each request count.")
    }

    private func servers(_ open: [Resource]) -> Finding {
        let names = open.prefix(8).map { "'\($0.name)'" }.joined(separator: ", ")
        switch open.count {
        case 0:
            return Finding(
                "MCP servers", .problem,
                "It may access none. Register one with 'gatehouse resources add', or admit its host with 'gatehouse resources "
                    + "policy'.")
        case 1: return Finding("MCP servers", .ok, "It may access \(names), also by requests that name no resource.")
        default:
            return Finding(
                "MCP servers", .ok,
                "It may access \(names)\(open.count > 8 ? " and more" : ""), "
                    + (settings.defaultResource == nil
                        ? "and must name one in 'resource'." : "and gets the default_resource when it names none."))
        }
    }

    private func use(_ liveSessions: Int) -> Finding {
        let count = liveSessions >= Self.mostSessions ? "at least \(liveSessions)" : "\(liveSessions)"
        return Finding(
            "in use", .ok, liveSessions == 0 ? "It has no live sessions." : "It has \(count) live sessions.")
    }
}
