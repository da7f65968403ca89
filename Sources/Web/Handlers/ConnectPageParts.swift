import AuthorizationServer
import OAuth

extension ElicitationPage.Connection {
    /// The account of a `connect`; nil for the other kinds.
    init?(_ part: any ElicitationSection) {
        guard let account = part as? AccountToConnect else { return nil }
        self.init(
            provider: account.provider.string, host: account.host, scopes: account.scope.scopes.map(\.string))
    }
}
