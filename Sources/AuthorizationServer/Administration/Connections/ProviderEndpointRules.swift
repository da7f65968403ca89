import OAuth
import Outbound
import Storage

/// The allowed addresses of a provider's endpoints, which depend on their source: the operator, or the provider's metadata.
///
/// An endpoint from the metadata within the issuer's origin is as trustworthy as the issuer, which the operator gave. Any other
/// endpoint from the metadata counts as a stranger's URL, at registration and at each request: otherwise a provider could make
/// Gatehouse call internal addresses.
struct NamedEndpoints {
    private let draft: ProviderDraft
    private let origin: String?
    private let issuer: String

    init(_ draft: ProviderDraft, issuer: String?) {
        self.draft = draft
        self.issuer = issuer ?? ""
        origin = issuer.flatMap { try? RemoteURL(operator: $0) }?.origin
    }

    /// Throws for an authorization endpoint to which users must not be sent.
    func checkAuthorization(_ url: String) throws(AdministrationError) {
        _ = try isForeign(url, isWritten: draft.authorizationEndpoint != nil, "authorization endpoint")
    }

    /// Whether the token endpoint comes from the metadata only and is outside the issuer's origin.
    func isTokenEndpointForeign(_ url: String) throws(AdministrationError) -> Bool {
        try isForeign(url, isWritten: draft.tokenEndpoint != nil, "token endpoint")
    }

    /// Whether the revocation endpoint comes from the metadata only and is outside the issuer's origin.
    func isRevocationEndpointForeign(_ url: String) throws(AdministrationError) -> Bool {
        try isForeign(url, isWritten: draft.revocationEndpoint != nil, "revocation endpoint")
    }

    /// Whether an endpoint comes from the metadata only and is outside the issuer's origin. `name` is that of its option.
    func isForeign(
        _ text: String, isWritten: Bool, _ name: String
    ) throws(AdministrationError) -> Bool {
        guard !isWritten else { return false }
        if let url = try? RemoteURL(operator: text), url.origin == origin { return false }
        guard let url = try? RemoteURL(stranger: text), url.port == 443 else {
            let option = name.replacing(" ", with: "-")
            throw AdministrationError(
                .invalid,
                "The metadata of \(issuer) names the \(name) \(text), which is outside its origin and not a public https URL on "
                    + "port 443. If the URL is right, give it with --\(option).")
        }
        return true
    }
}

extension ScopeAlias {
    /// Parses `ALLOWED=OTHER`, in which the first is one of the allowed scopes. Scopes may contain `=` themselves.
    init(_ text: String, in scope: ScopeSet) throws {
        for place in text.indices where text[place] == "=" {
            guard let allowed = try? Scope(text[..<place]), scope.contains(allowed) else { continue }
            self.init(allowed, grantedAs: try Scope(text[text.index(after: place)...]))
            return
        }
        throw AdministrationError(
            .invalid, "'\(text)' does not start with an allowed scope and '='. Use --same-as ALLOWED=OTHER.")
    }

    /// The alias as typed.
    var text: String { "\(scope)=\(grantedAs)" }
}

extension ProviderRule {
    /// The rule in one line.
    var text: String {
        aliases.isEmpty ? scope.string : "\(scope) (\(aliases.map(\.text).joined(separator: " ")))"
    }
}
