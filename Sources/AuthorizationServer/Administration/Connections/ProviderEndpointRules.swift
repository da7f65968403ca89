import OAuth
import Outbound
import Storage

/// Where the endpoints of a provider may lie, depending on who named them: an operator, or the provider's document.
///
/// A document is somebody else's text. What it names within its issuer's own origin is as trustworthy as the issuer that the
/// operator wrote down; anything else is treated like a stranger's URL, at registration and each time that it is dialled.
struct NamedEndpoints {
    private let draft: ProviderDraft
    private let origin: String?
    private let issuer: String

    init(_ draft: ProviderDraft, issuer: String?) {
        self.draft = draft
        self.issuer = issuer ?? ""
        origin = issuer.flatMap { try? RemoteURL(operator: $0) }?.origin
    }

    /// Refuses an authorization endpoint that no person may be sent to.
    func checkAuthorization(_ url: String) throws(AdministrationError) {
        _ = try isForeign(url, isWritten: draft.authorizationEndpoint != nil, "authorization endpoint")
    }

    /// Whether nobody but the document says where the token endpoint is, outside of the issuer's origin.
    func isTokenEndpointForeign(_ url: String) throws(AdministrationError) -> Bool {
        try isForeign(url, isWritten: draft.tokenEndpoint != nil, "token endpoint")
    }

    /// The same about the revocation endpoint.
    func isRevocationEndpointForeign(_ url: String) throws(AdministrationError) -> Bool {
        try isForeign(url, isWritten: draft.revocationEndpoint != nil, "revocation endpoint")
    }

    private func isForeign(
        _ text: String, isWritten: Bool, _ what: String
    ) throws(AdministrationError) -> Bool {
        guard !isWritten else { return false }
        if let url = try? RemoteURL(operator: text), url.origin == origin { return false }
        guard let url = try? RemoteURL(stranger: text), url.port == 443 else {
            let option = what.replacing(" ", with: "-")
            throw AdministrationError(
                .invalid,
                "The metadata of \(issuer) names a \(what) outside of its own origin that is not https at a public name on "
                    + "port 443; if it is right, say it yourself by --\(option).")
        }
        return true
    }
}

extension ScopeAlias {
    /// Reads `ALLOWED=OTHER`, where the first is one of the allowed scopes; scopes may hold `=` themselves.
    init(_ text: String, in scope: ScopeSet) throws {
        for place in text.indices where text[place] == "=" {
            guard let allowed = try? Scope(text[..<place]), scope.contains(allowed) else { continue }
            self.init(allowed, grantedAs: try Scope(text[text.index(after: place)...]))
            return
        }
        throw AdministrationError(
            .invalid, "'\(text)' does not begin with an allowed scope and '='; write --same-as ALLOWED=OTHER.")
    }

    /// The alias as it was written.
    var told: String { "\(scope)=\(grantedAs)" }
}

extension ProviderRule {
    /// The rule in one line.
    var told: String {
        aliases.isEmpty ? scope.string : "\(scope) (\(aliases.map(\.told).joined(separator: " ")))"
    }
}
