import ArgumentParser
import AuthorizationServer

/// What an MCP server may ask people to do, what holds for sessions there, and where its events go.
struct ResourcePolicyCommand: AdministrationCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Show or change what an MCP server may do, what holds for sessions there, and where its events go.",
        discussion: """
            What is not named stays as it is. Durations are written as in the configuration: 5m, 8h, 30d. Sessions that \
            live keep their end and idle limit when these are tightened; 'gatehouse sessions revoke --resource ID' ends \
            them. The life of tokens holds from the next one on.
            """)
    @Argument(help: "Its id or its URI.") var id: String
    @Option(help: "The kinds of elicitation it may ask for, such as confirm,secret; '' for none.")
    var elicitation: String?
    @Option(
        help: "A host to which it may send people for an external step; repeatable, replaces the list; '' for none.")
    var externalHost: [String] = []
    @Option(help: "Whether accounts that a person connected for it end with their last session there: yes or no.")
    var endConnections: YesOrNo?
    @Option(
        help: """
            Something it may start by itself: NAME, NAME=ask to have the person approve it each time, or 'NAME=allow SCOPE' if the session has to hold a scope; repeatable, replaces the list; '' for none.
            """)
    var action: [String] = []
    @OptionGroup var reach: ScopeReachOptions
    @Option(help: "Where its events are pushed; '' lets it poll instead.") var eventsEndpoint: String?
    @OptionGroup var sessions: SessionPolicyOptions
    @OptionGroup var ending: RevocationOptions
    @OptionGroup var global: GlobalOptions

    func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
        let kinds = elicitation.map { $0.split(separator: ",").map { String($0.filter { $0 != " " }) } }
        let hosts = externalHost.isEmpty ? nil : externalHost.filter { !$0.isEmpty }
        let change = PolicyChange(
            kinds: kinds, externalHosts: hosts, endsConnections: endConnections.map { $0 == .yes },
            actions: action.isEmpty ? nil : action.filter { !$0.isEmpty }, reach: reach.changes,
            eventsEndpoint: eventsEndpoint, sessions: sessions.change)
        let request = AdministrationRequest.resources(.policy(id, change, reason: ending.reason))
        // Of all that a policy says, only the hosts of clients end sessions.
        if !sessions.clientHost.isEmpty { try await ending.confirm(request, configuration) }
        return request
    }
}

/// What holds for sessions at an MCP server.
struct SessionPolicyOptions: ParsableArguments {
    @Option(help: "The longest that a person may let a session last, 1m to 365d; 'default' as configured.")
    var longestSession: String?
    @Option(help: "How long a session lives unused, 1m to 365d; 'default' as configured.")
    var idleLimit: String?
    @Option(
        help: """
            A length that the consent page offers, if the longest session allows it; repeatable up to 8 times, replaces the list; 'default' for the configured ones and the longest.
            """)
    var sessionChoice: [String] = []
    @Option(
        help: """
            How long access tokens live, 1m to 60m, also those of clients that cannot refresh; 'default' as configured.
            """)
    var tokenLife: String?
    @Option(
        help: """
            A host whose clients may come, and no others, by the host of their metadata document; repeatable, replaces the list and ends the sessions of clients on other hosts; clients registered by 'clients add' come anyway; 'any' for every host.
            """)
    var clientHost: [String] = []

    var change: SessionPolicyChange {
        SessionPolicyChange(
            longest: longestSession, idle: idleLimit, choices: sessionChoice.isEmpty ? nil : sessionChoice,
            tokenLife: tokenLife, clientHosts: clientHost.isEmpty ? nil : clientHost)
    }
}

/// A choice that has to be named, so that leaving it out changes nothing.
enum YesOrNo: String, ExpressibleByArgument, CaseIterable {
    case yes
    case no
}
