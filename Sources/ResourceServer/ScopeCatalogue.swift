import OAuth

/// The scopes of one MCP server and the scopes that they imply.
///
/// Spec: MCP 2026-07-28 §Authorization
struct ScopeCatalogue {
    /// The scopes for a first authorization: neither on-request scopes nor scopes that imply one.
    let initial: [String]
    private let implied: [String: [String]]

    init(_ scopes: [ProtectedScope]) throws(InvalidConfiguration) {
        for name in scopes.flatMap({ [$0.name] + $0.implies }) {
            do throws(OAuthValueError) {
                _ = try Scope(name)
            } catch {
                throw InvalidConfiguration(error)
            }
            // It grants no access to a resource: whether to issue refresh tokens is up to the authorization server.
            guard name != Scope.offlineAccess.string else {
                throw InvalidConfiguration("Leave offline_access out of the scopes of an MCP server.")
            }
        }
        let implied = Dictionary(scopes.map { ($0.name, $0.implies) }, uniquingKeysWith: +)
        let onRequest = Set(scopes.filter(\.isOnRequest).map(\.name))
        initial = scopes.map(\.name).filter { Self.closure(of: [$0], implied).isDisjoint(with: onRequest) }
        self.implied = implied
    }

    /// The granted scopes and all scopes that they imply.
    func closure(of granted: some Sequence<String>) -> Set<String> { Self.closure(of: granted, implied) }

    private static func closure(of granted: some Sequence<String>, _ implied: [String: [String]]) -> Set<String> {
        var reached: Set<String> = []
        var open = Array(granted)
        while let scope = open.popLast() {
            guard reached.insert(scope).inserted else { continue }
            open += implied[scope] ?? []
        }
        return reached
    }

    /// The scopes that a client without a valid token should request for this operation and the usual ones.
    func toAskFor(requiring scopes: [String]) -> [String] {
        initial + scopes.filter { !initial.contains($0) }
    }
}
