import ArgumentParser

/// A flag for each key of the configuration; a test compares them with the keys.
struct ConfigurationFlags: ParsableArguments {
    @Option(help: "The server's public URL.") var issuer: String?
    @Option(help: "Whether the root addresses serve the metadata too.") var metadataAtRoot: String?
    @Option(help: "Where clients and people connect, host:port.") var listen: String?
    @Option(help: "Where health and metrics are served, host:port.") var operationsListen: String?
    @Option(help: "A further host name of the operations listener; repeatable.") var operationsHosts: [String] = []
    @Option(help: "A host, or host:port, under which MCP servers reach Gatehouse from inside; repeatable.")
    var backChannelHosts: [String] = []
    @Option(help: "The folder of the database.") var data: String?
    @Option(help: "The folder of the keys.") var keys: String?
    @Option(help: "A file with the passphrase of the keys.") var keysPassphraseFile: String?
    @Option(help: "The folder of the pages.") var templates: String?
    @Option(help: "The socket of the command line.") var adminSocket: String?
    @Option(help: "A group that may use the socket.") var adminGroup: String?
    @Option(help: "The MCP server meant by requests that name none.") var defaultResource: String?
    @Option(help: "Lifetime of access tokens.") var tokensAccess: String?
    @Option(help: "Lifetime of authorization codes.") var tokensCode: String?
    @Option(help: "How long a superseded refresh token is answered.") var tokensRefreshGrace: String?
    @Option(help: "A length of session that a person may choose; repeatable.") var sessionsChoices: [String] = []
    @Option(help: "The choice that is ticked.") var sessionsPreselected: String?
    @Option(help: "How long a session lives unused.") var sessionsIdle: String?
    @Option(help: "A host whose metadata documents are taken; repeatable.")
    var clientsMetadataDocumentsAllow: [String] = []
    @Option(help: "A host whose metadata documents are refused; repeatable.")
    var clientsMetadataDocumentsBlock: [String] = []
    @Option(help: "A host:port that may be private; repeatable.")
    var clientsMetadataDocumentsPrivateHosts: [String] = []
    @Option(help: "The largest metadata document.") var clientsMetadataDocumentsMaxSize: String?
    @Option(help: "How long a document is kept at least.") var clientsMetadataDocumentsCacheMin: String?
    @Option(help: "How long a document is kept at most.") var clientsMetadataDocumentsCacheMax: String?
    @Option(help: "Whether localhost redirects match on any port.") var clientsLocalhostAnyPort: String?
    @Option(help: "A further CA file; repeatable.") var outboundTrust: [String] = []
    @Option(help: "The certificate chain.") var tlsCertificate: String?
    @Option(help: "The certificate's key.") var tlsKey: String?
    @Option(help: "An address whose forwarding headers count; repeatable.") var proxies: [String] = []
    @Option(help: "The least level that is written to the log.") var logLevel: String?
    @Option(help: "Whether each request has a line in the log.") var logRequests: String?
    @Option(help: "Connections to a listener at the same time.") var connectionsTotal: String?
    @Option(help: "Connections from one address at the same time.") var connectionsPerAddress: String?
    @Option(help: "How long a peer may take nothing of its answer.") var connectionsStall: String?

    /// What was set, by key.
    var values: [ConfigurationKey: [String]] {
        let single: [ConfigurationKey: String?] = [
            .issuer: issuer, .metadataAtRoot: metadataAtRoot, .listen: listen, .operationsListen: operationsListen,
            .data: data, .keys: keys,
            .keysPassphraseFile: keysPassphraseFile, .templates: templates, .adminSocket: adminSocket,
            .adminGroup: adminGroup, .defaultResource: defaultResource, .accessLifetime: tokensAccess,
            .codeLifetime: tokensCode, .refreshGrace: tokensRefreshGrace, .sessionPreselected: sessionsPreselected,
            .sessionIdle: sessionsIdle, .documentsMaxSize: clientsMetadataDocumentsMaxSize,
            .documentsCacheMin: clientsMetadataDocumentsCacheMin,
            .documentsCacheMax: clientsMetadataDocumentsCacheMax, .localhostAnyPort: clientsLocalhostAnyPort,
            .tlsCertificate: tlsCertificate, .tlsKey: tlsKey, .logLevel: logLevel, .logRequests: logRequests,
            .connectionsTotal: connectionsTotal, .connectionsPerAddress: connectionsPerAddress,
            .connectionsStall: connectionsStall,
        ]
        let lists: [ConfigurationKey: [String]] = [
            .sessionChoices: sessionsChoices, .documentsAllow: clientsMetadataDocumentsAllow,
            .documentsBlock: clientsMetadataDocumentsBlock,
            .documentsPrivateHosts: clientsMetadataDocumentsPrivateHosts, .outboundTrust: outboundTrust,
            .proxies: proxies, .operationsHosts: operationsHosts, .backChannelHosts: backChannelHosts,
        ]
        let set = single.compactMapValues { $0.map { [$0] } }
        return set.merging(lists.filter { !$0.value.isEmpty }) { first, _ in first }
    }
}
