import ArgumentParser
import AuthorizationServer

/// What an MCP server may ask people to do, and where its events go.
struct ResourcePolicyCommand: AdministrationCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "Show or change what an MCP server may do and where its events go.")
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
    @OptionGroup var global: GlobalOptions

    func request(_ configuration: ServerConfiguration) -> AdministrationRequest {
        let kinds = elicitation.map { $0.split(separator: ",").map { String($0.filter { $0 != " " }) } }
        let hosts = externalHost.isEmpty ? nil : externalHost.filter { !$0.isEmpty }
        let change = PolicyChange(
            kinds: kinds, externalHosts: hosts, endsConnections: endConnections.map { $0 == .yes },
            actions: action.isEmpty ? nil : action.filter { !$0.isEmpty }, reach: reach.changes,
            eventsEndpoint: eventsEndpoint)
        return .resources(.policy(id, change))
    }
}

/// A choice that has to be named, so that leaving it out changes nothing.
enum YesOrNo: String, ExpressibleByArgument, CaseIterable {
    case yes
    case no
}
