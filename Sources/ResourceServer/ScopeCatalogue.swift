import OAuth

/// The scopes of one MCP server and which of them include others.
///
/// Spec: MCP 2026-07-28 §Authorization
struct ScopeCatalogue {
    /// What a client asks for before it knows what it will do: nothing that is on request, nor what would bring it along.
    let initial: [String]
    private let implied: [String: [String]]

    init(_ scopes: [ProtectedScope]) throws(InvalidConfiguration) {
        for name in scopes.flatMap({ [$0.name] + $0.implies }) {
            do throws(OAuthValueError) {
                _ = try Scope(name)
            } catch {
                throw InvalidConfiguration(error)
            }
            // It names no right at any resource: whether to hand out refresh tokens is not the MCP server's affair.
            guard name != Scope.offlineAccess.string else {
                throw InvalidConfiguration("Leave offline_access out of the scopes of an MCP server.")
            }
        }
        let implied = Dictionary(scopes.map { ($0.name, $0.implies) }, uniquingKeysWith: +)
        let onRequest = Set(scopes.filter(\.isOnRequest).map(\.name))
        initial = scopes.map(\.name).filter { Self.closure(of: [$0], implied).isDisjoint(with: onRequest) }
        self.implied = implied
    }

    /// The scopes that were granted and all that follow from them.
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

    /// What a client without a good token has to ask for, so that this operation and the usual ones work.
    func toAskFor(requiring scopes: [String]) -> [String] {
        initial + scopes.filter { !initial.contains($0) }
    }
}
