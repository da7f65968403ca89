import JOSE
package import OAuth
import Outbound
import Storage

/// A person connects an account at a provider. The way leads through the provider and ends at `ConnectEndpoint`.
struct ConnectElicitation: ElicitationStrategy {
    let services: ElicitationServices

    init(_ services: ElicitationServices) { self.services = services }

    static func refusal(
        of ask: ConnectAccountRequest, by asker: ResourceID, policy: ResourcePolicy, in transaction: Transaction
    ) throws -> OAuthError? {
        let permission = try ConnectionPolicy.permission(for: ask, of: asker, in: transaction)
        guard permission == nil else { return nil }
        return OAuthError(.accessDenied, "This MCP server may not ask for this at this provider; ask its operator.")
    }

    /// An account that was connected and is not any more has to be connected anew.
    static func stands(_ completed: Elicitation, in transaction: Transaction) throws -> Bool {
        guard let ask = completed.ask(ConnectAccountRequest.self) else { return true }
        return try transaction.connections.find(
            user: completed.userID, resource: completed.resourceID, provider: ProviderName(ask.provider)) != nil
    }

    static func part(
        _ ask: ConnectAccountRequest, of asked: Elicitation, in transaction: Transaction
    ) throws -> (any ElicitationSection)? {
        guard let permission = try ConnectionPolicy.permission(for: ask, of: asked.resourceID, in: transaction),
            let address = try? RemoteURL(operator: permission.provider.authorizationEndpoint)
        else { return nil }
        return AccountToConnect(provider: permission.provider.name, host: address.host, scope: permission.scope)
    }

    /// Nothing is completed here: that is for the way back to do.
    func approval(
        _ ask: ConnectAccountRequest, of asked: Elicitation, by person: SignedIn, in browser: Browser, form: Parameters,
        now: Timestamp
    ) -> ElicitationApproval {
        let departure = ProviderRedirect(client: services.providers, vault: services.vault)
        return { transaction in
            guard
                let address = try departure.begin(
                    ask, of: asked, by: person, browser: browser, in: transaction, now: now)
            else { return .finish(.failed(reason: "not_allowed")) }
            return .onward(address, comesBack: true)
        }
    }

    func result(of asked: Elicitation, in session: SessionGrant, now: Timestamp) -> ElicitationResultBody? {
        guard let receipt = services.vault.receipt(of: asked) else { return nil }
        return { receipt.json }
    }

    static func sealingContext(of id: ElicitationID) -> String { ConnectionVault.receiptContext(id) }

    static func words(for end: ElicitationEnd) -> ElicitationOutcomeText {
        guard let provider = end.asked.ask(ConnectAccountRequest.self)?.provider else {
            return ConfirmElicitation.words(for: end)
        }
        let asker = end.asker
        return switch (end.status, end.isJustNow) {
        case (.completed, true): .init("Connected", "\(asker) can use your account at \(provider) from now on.")
        case (.declined, true): .init("Declined", "Gatehouse tells \(asker) that you declined. Nothing was connected.")
        case (.completed, false):
            .init("Already connected", "You already connected this account. Opening the request again changes nothing.")
        case (.declined, false):
            .init("Already declined", "You already declined this request. Opening it again changes nothing.")
        case (.expired, _):
            .init("Request expired", "You did not answer in time. Nothing was connected; \(asker) can ask again.")
        case (.cancelled, _):
            .init("Request cancelled", "\(asker) no longer waits for your answer. Nothing was connected.")
        case (.failed, _) where end.asked.reason == Connection.End.scopeExceeded.rawValue:
            .init("Not connected", exceeded(end, provider))
        case (.failed, _), (.pending, _), (.opened, _): .init("Request failed", failed(end, provider))
        }
    }

    /// What a person can do about access that was granted and must not be used.
    private static func exceeded(_ end: ElicitationEnd, _ provider: String) -> String {
        let fact =
            "\(provider) granted more access than \(end.asker) may have, so Gatehouse did not connect your account."
        return switch end.isTokenRevoked {
        case true?: "\(fact) Gatehouse stored nothing and revoked the access at \(provider)."
        case false?: "\(fact) Gatehouse stored nothing. \(advice(provider))"
        case nil: "\(fact) Gatehouse stored nothing."
        }
    }

    private static func failed(_ end: ElicitationEnd, _ provider: String) -> String {
        let fact = "Gatehouse could not connect your account at \(provider); \(end.asker) can ask again."
        return end.isTokenRevoked == false ? "\(fact) Gatehouse stored nothing. \(advice(provider))" : fact
    }

    private static func advice(_ provider: String) -> String {
        "Remove the access in the settings of your account at \(provider)."
    }

    static let completedWord = "Connected"
}

/// The account that is to be connected, for the page.
package struct AccountToConnect: ElicitationSection {
    package let provider: ProviderName
    /// Where the person will sign in.
    package let host: String
    /// What will be asked of the provider.
    package let scope: ScopeSet
}
