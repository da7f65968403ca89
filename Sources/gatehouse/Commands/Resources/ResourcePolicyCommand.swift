import ArgumentParser
import AuthorizationServer

/// `gatehouse resources policy`: access, elicitations, actions, sessions and events of an MCP server.
struct ResourcePolicyCommand: AdministrationCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Show or change the policy of an MCP server: access, elicitations, actions, sessions and events.",
        discussion: """
            Settings that are not given stay unchanged. Durations are written as in the configuration: 5m, 8h, 30d. A shorter \
            lifetime or idle timeout does not apply to live sessions; 'gatehouse sessions revoke --resource ID' revokes them. \
            A token lifetime applies from the next token on.
            """)
    @Argument(help: "MCP server (ID or URI).") var id: String
    @OptionGroup var settings: PolicyFlags
    // The former spelling, kept for one version.
    @Option(name: .customLong("end-connections"), help: .hidden) var formerEndConnections: YesNoArgument?
    @Option(
        help: """
            Action that it may start on its own: NAME, NAME=ask if the user approves it each time, or 'NAME=allow SCOPE' if the session must have a scope (repeatable, replaces the list; '' for none).
            """)
    var action: [String] = []
    @OptionGroup var reach: ScopeReachOptions
    @Option(help: "URL to which its events are pushed; '' if it polls.") var eventsEndpoint: String?
    @Option(help: "Identity provider at which its users have to sign in; '' for any way to sign in.")
    var identityProvider: String?
    @OptionGroup var access: AccessOptions
    @OptionGroup var revocation: RevocationOptions
    @OptionGroup var global: GlobalOptions

    func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
        var words = settings.words
        if let formerEndConnections { words["ends_connections"] = [formerEndConnections.rawValue] }
        let change = PolicyChange(
            settings: words, actions: action.isEmpty ? nil : action.filter { !$0.isEmpty }, reach: reach.changes,
            eventsEndpoint: eventsEndpoint, access: access.change, identityProvider: identityProvider)
        let request = AdministrationRequest.resources(.policy(id, change, reason: revocation.reason))
        // Of all settings, only the lists of client hosts, groups and users revoke sessions.
        if change.revokesSessions {
            try await revocation.confirm(request, to: "change the policy", configuration)
        }
        return request
    }
}

/// A Boolean option with an explicit value, so that leaving it out changes nothing.
enum YesNoArgument: String, ExpressibleByArgument, CaseIterable {
    case yes
    case no
}
