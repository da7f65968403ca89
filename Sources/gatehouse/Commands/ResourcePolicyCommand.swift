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
    @Option(help: "Kinds of elicitation that it may create, such as confirm,secret; '' for none.")
    var elicitation: String?
    @Option(help: "Host to which it may send users for an external step (repeatable, replaces the list; '' for none).")
    var externalHost: [String] = []
    @Option(help: "Whether a user's connections for it are revoked with the user's last session there.")
    var revokeConnections: YesNoArgument?
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
    @OptionGroup var sessions: SessionPolicyOptions
    @OptionGroup var access: AccessOptions
    @OptionGroup var revocation: RevocationOptions
    @OptionGroup var global: GlobalOptions

    func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
        let kinds = elicitation.map { $0.split(separator: ",").map { String($0.filter { $0 != " " }) } }
        let hosts = externalHost.isEmpty ? nil : externalHost.filter { !$0.isEmpty }
        let change = PolicyChange(
            kinds: kinds, externalHosts: hosts,
            endsConnections: (revokeConnections ?? formerEndConnections).map { $0 == .yes },
            actions: action.isEmpty ? nil : action.filter { !$0.isEmpty }, reach: reach.changes,
            eventsEndpoint: eventsEndpoint, sessions: sessions.change, access: access.change,
            identityProvider: identityProvider)
        let request = AdministrationRequest.resources(.policy(id, change, reason: revocation.reason))
        // Of all settings, only the lists of client hosts, groups and users revoke sessions.
        if change.revokesSessions {
            try await revocation.confirm(request, to: "change the policy", configuration)
        }
        return request
    }
}

/// The settings for sessions at an MCP server.
struct SessionPolicyOptions: ParsableArguments {
    @Option(help: "Maximum session lifetime that a user can choose, 1m to 365d; 'default' as configured.")
    var longestSession: String?
    @Option(help: "Idle timeout of sessions, 1m to 365d; 'default' as configured.")
    var idleLimit: String?
    @Option(
        help: """
            Session lifetime that the consent page offers, up to the maximum (repeatable up to 8 times, replaces the list; 'default' for the configured ones and the maximum).
            """)
    var sessionChoice: [String] = []
    @Option(
        help: """
            Lifetime of access tokens, 1m to 60m, also for clients that cannot refresh; 'default' as configured.
            """)
    var tokenLife: String?
    @Option(
        help: """
            Lifetime of the sessions of clients that act for themselves, 1m to 365d; 'default' for 24h, or the maximum session lifetime if that is shorter.
            """)
    var serviceSession: String?
    @Option(
        help: """
            Allow only clients with a metadata document on this host (repeatable, replaces the list; 'any' for every host). Sessions of clients on other hosts are revoked. Clients registered with 'clients add' stay allowed.
            """)
    var clientHost: [String] = []
    @Flag(
        inversion: .prefixedNo,
        help: "Whether permitted clients may begin on a device without a browser (device grant, RFC 8628).")
    var device: Bool?

    var change: SessionPolicyChange {
        SessionPolicyChange(
            longest: longestSession, idle: idleLimit, choices: sessionChoice.isEmpty ? nil : sessionChoice,
            tokenLife: tokenLife, service: serviceSession, clientHosts: clientHost.isEmpty ? nil : clientHost,
            allowsDevice: device)
    }
}

/// A Boolean option with an explicit value, so that leaving it out changes nothing.
enum YesNoArgument: String, ExpressibleByArgument, CaseIterable {
    case yes
    case no
}
