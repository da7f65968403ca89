import JOSE
package import OAuth
import Outbound
import Storage

/// The user connects an account at a provider. The approval sends the browser to the provider; `ConnectEndpoint`
/// finishes the elicitation when the browser comes back.
struct ConnectElicitation: ElicitationStrategy {
    let services: ElicitationServices

    init(_ services: ElicitationServices) { self.services = services }

    static func refusal(
        of ask: ConnectAccountRequest, by resource: ResourceID, policy: ResourcePolicy, in transaction: Transaction
    ) throws -> OAuthError? {
        guard try ConnectionPolicy.allowance(for: ask, of: resource, in: transaction) == nil else { return nil }
        return OAuthError(
            .accessDenied, "This MCP server may not request these scopes at this provider; ask its operator.")
    }

    /// An account that was disconnected meanwhile has to be connected again, and so has one whose provider granted less than was asked.
    static func isStillAnswered(_ completed: Elicitation, in transaction: Transaction) throws -> Bool {
        guard let ask = completed.ask(ConnectAccountRequest.self) else { return true }
        guard
            let connection = try transaction.connections.find(
                user: completed.userID, resource: completed.resourceID, provider: ProviderName(ask.provider))
        else { return false }
        return try ConnectionPolicy.missing(ask.scope ?? connection.asked, of: connection, in: transaction) == nil
    }

    static func section(
        _ ask: ConnectAccountRequest, of elicitation: Elicitation, in transaction: Transaction
    ) throws -> (any ElicitationSection)? {
        guard let allowance = try ConnectionPolicy.request(ask, of: elicitation, in: transaction),
            let address = try? RemoteURL(operator: allowance.provider.authorizationEndpoint)
        else { return nil }
        return AccountToConnect(provider: allowance.provider.name, host: address.host, scope: allowance.scope)
    }

    func approval(
        _ ask: ConnectAccountRequest, of elicitation: Elicitation, by person: SignedIn, in browser: Browser,
        form: Parameters, now: Timestamp
    ) -> ElicitationApproval {
        let redirect = ProviderRedirect(client: services.providers, vault: services.vault)
        return { transaction in
            guard
                let address = try redirect.begin(
                    ask, of: elicitation, by: person, browser: browser, in: transaction, now: now)
            else { return .finish(.failed(.notAllowed)) }
            return .redirect(.provider(address))
        }
    }

    func result(of elicitation: Elicitation, in session: SessionGrant, now: Timestamp) -> ElicitationResultBody? {
        guard let receipt = services.vault.receipt(of: elicitation) else { return nil }
        return { receipt.json }
    }

    static func sealingContext(of id: ElicitationID) -> String { ConnectionVault.receiptContext(id) }

    static func outcomeText(for end: ElicitationEnd) -> ElicitationOutcomeText {
        guard let provider = end.elicitation.ask(ConnectAccountRequest.self)?.provider else {
            return ConfirmElicitation.outcomeText(for: end)
        }
        let server = end.serverName
        return switch (end.status, end.isJustNow) {
        case (.completed, true): .init("Connected", "\(server) can use your account at \(provider) from now on.")
        case (.declined, true): .init("Declined", "Gatehouse tells \(server) that you declined. Nothing was connected.")
        case (.completed, false):
            .init("Already connected", "You already connected this account. Opening the request again changes nothing.")
        case (.declined, false):
            .init("Already declined", "You already declined this request. Opening it again changes nothing.")
        case (.expired, _):
            .init("Request expired", "You did not answer in time. Nothing was connected; \(server) can ask again.")
        case (.cancelled, _):
            .init("Request cancelled", "\(server) no longer waits for your answer. Nothing was connected.")
        case (.failed, _) where end.elicitation.reason == ElicitationFailure.scopeExceeded.rawValue:
            .init("Not connected", scopeExceededText(end, provider))
        case (.failed, _), (.pending, _), (.opened, _): .init("Request failed", failureText(end, provider))
        }
    }

    /// The user has to learn whether access that nobody may use still exists at the provider.
    private static func scopeExceededText(_ end: ElicitationEnd, _ provider: String) -> String {
        let fact =
            "\(provider) granted more access than \(end.serverName) may have, so Gatehouse did not connect your account."
        return switch end.isTokenRevoked {
        case true?: "\(fact) Gatehouse stored nothing and revoked the access at \(provider)."
        case false?: "\(fact) Gatehouse stored nothing. \(advice(provider))"
        case nil: "\(fact) Gatehouse stored nothing."
        }
    }

    private static func failureText(_ end: ElicitationEnd, _ provider: String) -> String {
        let fact = "Gatehouse could not connect your account at \(provider); \(end.serverName) can ask again."
        return end.isTokenRevoked == false ? "\(fact) Gatehouse stored nothing. \(advice(provider))" : fact
    }

    private static func advice(_ provider: String) -> String {
        "Remove the access in the settings of your account at \(provider)."
    }

    static let completedWord = "Connected"
}

/// The section of the page that describes the account to connect.
package struct AccountToConnect: ElicitationSection {
    /// The provider, as its operator named it.
    package let provider: ProviderName
    /// The host where the user signs in.
    package let host: String
    /// The scopes that the provider is asked for.
    package let scope: ScopeSet
}
