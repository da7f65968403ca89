import OAuth
import Storage

extension Transaction {
    /// Whether an administrator blocked the host of an https redirect.
    ///
    /// A block is about a host and not about a way in: without this rule a client of a blocked host would only have to register
    /// itself instead of showing its document.
    func blocksHost(of redirect: RedirectURI) throws -> Bool {
        guard redirect.kind == .https, let host = redirect.host?.lowercased() else { return false }
        return try clientRules.host(host) == .block
    }
}
