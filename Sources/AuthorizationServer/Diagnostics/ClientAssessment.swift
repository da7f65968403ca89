import OAuth
import Storage

/// What a client will do here, told from its metadata by the rules that decide about its requests.
struct ClientAssessment: Sendable {
    let client: Client
    let settings: Settings

    /// As many of its sessions are looked at.
    static let mostSessions = 1000
    /// A port that nobody registers, to see whether ports count.
    private static let anyPort = 49_217

    func findings(resources: [Resource], liveSessions: Int) -> [Finding] {
        let open = resources.filter { client.mayUse($0.id) }
        return [naming, method, grants, refreshing] + redirects + [scopes(open), servers(open), use(liveSessions)]
    }

    // MARK: Who it is

    private var naming: Finding {
        let name = client.metadata.name
        guard let host = client.shownHost else {
            return Finding("consent page", .ok, "It is named '\(name)', as an administrator registered it.")
        }
        return Finding(
            "consent page", .ok,
            "It is named '\(name)', and \(host) as the host that says so; nobody verified the name.")
    }

    // MARK: How it gets tokens

    private var method: Finding {
        let detail =
            client.metadata.authMethod == .none
            ? "It is a public client: none at the token endpoint, and PKCE in each authorization."
            : "It proves itself by \(client.metadata.authMethod) at the token endpoint."
        return Finding("authentication", .ok, detail)
    }

    private var grants: Finding {
        guard client.metadata.allows(.authorizationCode) else {
            return Finding(
                "grants", .problem,
                "It did not register authorization_code, so each request of it is refused with unauthorized_client; its "
                    + "maker has to add that to grant_types, or to leave grant_types out.")
        }
        guard let named = client.metadata.grantTypes else {
            return Finding("grants", .ok, "It names no grant_types, which leaves it those of this server.")
        }
        let served: [GrantType] = [.authorizationCode, .refreshToken]
        let others = named.filter { !served.contains($0) }.map(\.rawValue).sorted().joined(separator: ", ")
        let used = served.filter(named.contains).map(\.rawValue).joined(separator: " and ")
        return Finding("grants", .ok, "It may use \(used)\(others.isEmpty ? "." : "; passed over: \(others).")")
    }

    private var refreshing: Finding {
        guard client.refreshes else {
            return Finding(
                "refresh", .warning,
                "It gets no refresh token, because its grant_types name none: its person approves anew when the access "
                    + "token ends, after an hour at most.")
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
                "All of them lead to the person's own computer, where any program may answer: the consent page warns of it."
            )
        ]
    }

    private func portRule(of uri: RedirectURI, among uris: [RedirectURI]) -> String {
        if let scheme = uri.ownScheme {
            return
                ": exactly so, by a button that the person presses. Another app can claim '\(scheme):' as well; the consent "
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
            return Finding("scopes", .ok, "It names none; what each request asks for counts.")
        }
        let known = open.reduce(ScopeSet([])) { $0.union($1.catalogue.known) }
        let words = named.scopes.map { known.contains($0) ? $0.string : "\($0.string) (of no MCP server here)" }
        return Finding("scopes", .ok, "It names \(words.joined(separator: ", ")); what each request asks for counts.")
    }

    private func servers(_ open: [Resource]) -> Finding {
        let names = open.prefix(8).map { "'\($0.name)'" }.joined(separator: ", ")
        switch open.count {
        case 0:
            return Finding(
                "MCP servers", .problem,
                "There is none that it may reach: 'gatehouse resources add' registers one, and 'gatehouse resources policy' "
                    + "lets its host come to one that takes certain hosts only.")
        case 1: return Finding("MCP servers", .ok, "It may ask for \(names), also without naming it.")
        default:
            return Finding(
                "MCP servers", .ok,
                "It may ask for \(names)\(open.count > 8 ? " and more" : ""), "
                    + (settings.defaultResource == nil
                        ? "and has to name one in 'resource'." : "or for the default_resource by naming none."))
        }
    }

    private func use(_ liveSessions: Int) -> Finding {
        let count = liveSessions >= Self.mostSessions ? "at least \(liveSessions)" : "\(liveSessions)"
        return Finding(
            "in use", .ok, liveSessions == 0 ? "No live session here is its own." : "It has \(count) live sessions.")
    }
}
