import ArgumentParser

/// One flag for each configuration key; a test compares them with the keys.
struct ConfigurationFlags: ParsableArguments {
    @Option(help: "Public URL of the server.") var issuer: String?
    @Option(help: "Serve the metadata at the root paths too: true or false.") var metadataAtRoot: String?
    @Option(help: "Address of the public listener, host:port.") var listen: String?
    @Option(help: "Address of the listener for health and metrics, host:port.") var operationsListen: String?
    @Option(help: "Additional host name of the operations listener (repeatable).") var operationsHosts: [String] = []
    @Option(help: "Host or host:port at which MCP servers reach Gatehouse on the internal network (repeatable).")
    var backChannelHosts: [String] = []
    @Option(help: "Folder of the database.") var data: String?
    @Option(help: "Folder of the keys.") var keys: String?
    @Option(help: "File with the passphrase of the keys.") var keysPassphraseFile: String?
    @Option(help: "Folder of the page templates.") var templates: String?
    @Option(help: "Path of the admin socket.") var adminSocket: String?
    @Option(help: "Group that may use the admin socket.") var adminGroup: String?
    @Option(help: "MCP server for requests without a resource parameter.") var defaultResource: String?
    @Option(help: "Lifetime of access tokens.") var tokensAccess: String?
    @Option(help: "Lifetime of authorization codes.") var tokensCode: String?
    @Option(help: "Grace period for superseded refresh tokens.") var tokensRefreshGrace: String?
    @Option(help: "Session lifetime that a user can choose (repeatable).") var sessionsChoices: [String] = []
    @Option(help: "Session lifetime that is preselected.") var sessionsPreselected: String?
    @Option(help: "Idle timeout of sessions.") var sessionsIdle: String?
    @Option(help: "Who may use a new MCP server: everyone or nobody.") var accessDefault: String?
    @Option(help: "Host whose client metadata documents are accepted (repeatable).")
    var clientsMetadataDocumentsAllow: [String] = []
    @Option(help: "Host whose client metadata documents are rejected (repeatable).")
    var clientsMetadataDocumentsBlock: [String] = []
    @Option(help: "host:port that may have a private address (repeatable).")
    var clientsMetadataDocumentsPrivateHosts: [String] = []
    @Option(help: "Maximum size of a metadata document.") var clientsMetadataDocumentsMaxSize: String?
    @Option(help: "Minimum time for which a metadata document is cached.")
    var clientsMetadataDocumentsCacheMin: String?
    @Option(help: "Maximum time for which a metadata document is cached.")
    var clientsMetadataDocumentsCacheMax: String?
    @Option(help: "Match localhost redirect URIs on any port: true or false.") var clientsLocalhostAnyPort: String?
    @Option(help: "Clients that may register themselves: known, open, token or off.") var clientsRegistration: String?
    @Option(help: "Refuse authorization requests that clients do not push: true or false.")
    var clientsRequirePushedAuthorizationRequests: String?
    @Option(help: "Let users sign in by name and password: true or false.") var signInPassword: String?
    @Option(help: "Additional CA file (repeatable).") var outboundTrust: [String] = []
    @Option(help: "Program that sends messages to users, then its arguments (repeatable).")
    var mailCommand: [String] = []
    @Option(help: "Sender of messages to users.") var mailFrom: String?
    @Option(help: "PEM file with the certificate chain.") var tlsCertificate: String?
    @Option(help: "PEM file with the private key of the certificate.") var tlsKey: String?
    @Option(help: "IP address of a proxy whose forwarding headers are trusted (repeatable).") var proxies: [String] = []
    @Option(help: "Minimum level of the log.") var logLevel: String?
    @Option(help: "Log every request: true or false.") var logRequests: String?
    @Option(help: "Maximum number of connections to a listener.") var connectionsTotal: String?
    @Option(help: "Maximum number of connections from one address.") var connectionsPerAddress: String?
    @Option(help: "Time after which a peer that reads nothing of its response is disconnected.")
    var connectionsStall: String?

    /// The values of the flags that are set, by key.
    var values: [ConfigurationKey: [String]] {
        let single: [ConfigurationKey: String?] = [
            .issuer: issuer, .metadataAtRoot: metadataAtRoot, .listen: listen, .operationsListen: operationsListen,
            .data: data, .keys: keys,
            .keysPassphraseFile: keysPassphraseFile, .templates: templates, .adminSocket: adminSocket,
            .adminGroup: adminGroup, .defaultResource: defaultResource, .accessLifetime: tokensAccess,
            .codeLifetime: tokensCode, .refreshGrace: tokensRefreshGrace, .sessionPreselected: sessionsPreselected,
            .sessionIdle: sessionsIdle, .accessDefault: accessDefault,
            .documentsMaxSize: clientsMetadataDocumentsMaxSize,
            .documentsCacheMin: clientsMetadataDocumentsCacheMin,
            .documentsCacheMax: clientsMetadataDocumentsCacheMax, .localhostAnyPort: clientsLocalhostAnyPort,
            .registration: clientsRegistration,
            .requirePushedRequests: clientsRequirePushedAuthorizationRequests,
            .mailFrom: mailFrom,
            .signInPassword: signInPassword, .tlsCertificate: tlsCertificate, .tlsKey: tlsKey, .logLevel: logLevel,
            .logRequests: logRequests,
            .connectionsTotal: connectionsTotal, .connectionsPerAddress: connectionsPerAddress,
            .connectionsStall: connectionsStall,
        ]
        let lists: [ConfigurationKey: [String]] = [
            .sessionChoices: sessionsChoices, .documentsAllow: clientsMetadataDocumentsAllow,
            .documentsBlock: clientsMetadataDocumentsBlock,
            .documentsPrivateHosts: clientsMetadataDocumentsPrivateHosts, .outboundTrust: outboundTrust,
            .proxies: proxies, .operationsHosts: operationsHosts, .backChannelHosts: backChannelHosts,
            .mailCommand: mailCommand,
        ]
        let set = single.compactMapValues { $0.map { [$0] } }
        return set.merging(lists.filter { !$0.value.isEmpty }) { first, _ in first }
    }
}
