import Foundation
import Logging

/// Everything an operator can decide, checked; made only from flags, variables and the file.
struct ServerConfiguration: Equatable, Sendable {
    var issuer: String
    var metadataAtRoot: Bool
    var listen: ListenAddress
    var operations: ListenAddress
    var operationsHosts: [String]
    var backChannelHosts: [String]
    var paths: Paths
    var adminGroup: String?
    var defaultResource: String?
    var tokens: Tokens
    var sessions: Sessions
    var clients: Clients
    var trust: [String]
    var tls: TLS?
    var proxies: [String]
    var log: Log
    var connections: Connections

    /// What is written to the log.
    struct Log: Equatable, Sendable {
        /// The least level that is written.
        var level: Logger.Level
        /// Whether each request has a line, not only those that were refused or failed.
        var requests: Bool
    }

    /// Where things lie; each absolute.
    struct Paths: Equatable, Sendable {
        var data: String
        var keys: String
        var keysPassphraseFile: String?
        var templates: String
        var adminSocket: String
    }

    /// How long tokens and codes live, in seconds.
    struct Tokens: Equatable, Sendable {
        var access: Int64
        var code: Int64
        var refreshGrace: Int64
    }

    /// How long a session may last, in seconds.
    struct Sessions: Equatable, Sendable {
        var choices: [Int64]
        var preselected: Int64
        var idle: Int64
    }

    /// Who may come as a client, and how its metadata document is fetched.
    struct Clients: Equatable, Sendable {
        var allow: [String]
        var block: [String]
        var privateHosts: [HostAndPort]
        var maxSize: Int
        var cacheMin: Int64
        var cacheMax: Int64
        var localhostAnyPort: Bool
    }

    /// How many connections a listener takes, and how long one may take nothing of its answer, in seconds.
    struct Connections: Equatable, Sendable {
        var total: Int
        var perAddress: Int
        var stall: Int64
    }

    /// The certificate chain and its key, when Gatehouse itself speaks TLS.
    struct TLS: Equatable, Sendable {
        var certificate: String
        var key: String
    }
}

extension ServerConfiguration {
    /// Reads all keys from the sources; the first wrong one ends it with a sentence for its author.
    init(_ sources: ConfigurationSources) throws(ConfigurationError) {
        let read = ConfigurationReading(sources: sources)
        issuer = try read.issuer()
        metadataAtRoot = try read.flag(.metadataAtRoot)
        listen = try read.address(.listen)
        operations = try read.address(.operationsListen)
        operationsHosts = try read.hosts(.operationsHosts, withPort: false)
        backChannelHosts = try read.hosts(.backChannelHosts, withPort: true)
        paths = try Paths(read)
        adminGroup = sources.value(.adminGroup)
        defaultResource = try read.resource(.defaultResource)
        tokens = try Tokens(read)
        sessions = try Sessions(read)
        clients = try Clients(read)
        trust = read.paths(.outboundTrust)
        tls = try TLS(read)
        proxies = try read.proxies()
        log = Log(level: try read.level(.logLevel), requests: try read.flag(.logRequests))
        connections = try Connections(read)
        try refuseContradictions()
    }

    /// Reads the configuration as a process sees it: its own environment and working directory.
    static func load(file: String?, flags: [ConfigurationKey: [String]] = [:]) throws(ConfigurationError) -> Self {
        try ServerConfiguration(
            ConfigurationSources(
                flags: flags, environment: ProcessInfo.processInfo.environment, file: file,
                workingDirectory: FileManager.default.currentDirectoryPath))
    }

    private func refuseContradictions() throws(ConfigurationError) {
        if listen.port != 0, listen == operations {
            throw ConfigurationError(
                "operations.listen is \(operations), the same as listen; give the operations listener a place of its own."
            )
        }
        if tls != nil, !issuer.hasPrefix("https://") {
            throw ConfigurationError("tls.certificate is set, so issuer must start with https://, but it is \(issuer).")
        }
    }
}

extension ServerConfiguration.Paths {
    /// The longest path that a Unix socket's address can hold.
    static let longestSocketPath = 103

    fileprivate init(_ read: ConfigurationReading) throws(ConfigurationError) {
        data = try read.ownFolder(.data)
        keys = try read.ownFolder(.keys)
        keysPassphraseFile = read.path(.keysPassphraseFile)
        templates = read.requiredPath(.templates)
        adminSocket = read.requiredPath(.adminSocket)
        guard adminSocket.utf8.count <= Self.longestSocketPath else {
            throw .wrong(
                .adminSocket, adminSocket, accepted: "at most \(Self.longestSocketPath) bytes long as an absolute path")
        }
    }
}

extension ServerConfiguration.Tokens {
    fileprivate init(_ read: ConfigurationReading) throws(ConfigurationError) {
        access = try read.duration(.accessLifetime, 60...3600, "from 1m to 60m, such as 10m")
        code = try read.duration(.codeLifetime, 1...600, "from 1s to 600s, such as 60s")
        refreshGrace = try read.duration(.refreshGrace, 0...300, "from 0s to 300s, such as 120s")
    }
}

extension ServerConfiguration.Sessions {
    fileprivate init(_ read: ConfigurationReading) throws(ConfigurationError) {
        choices = try read.durations(.sessionChoices, 60...year, "durations from 1m to 365d, such as [1h, 12h, 30d]")
        guard !choices.isEmpty, choices.count <= 8, zip(choices, choices.dropFirst()).allSatisfy({ $0 < $1 }) else {
            let text = read.sources.entries(.sessionChoices).joined(separator: ", ")
            throw .wrong(.sessionChoices, text, accepted: "one to eight durations, the shortest first")
        }
        preselected = try read.duration(.sessionPreselected, 60...year, "one of sessions.choices")
        guard choices.contains(preselected) else {
            let list = read.sources.entries(.sessionChoices).joined(separator: ", ")
            let value = read.sources.value(.sessionPreselected) ?? ""
            throw .wrong(.sessionPreselected, value, accepted: "one of sessions.choices: \(list)")
        }
        idle = try read.duration(.sessionIdle, 60...year, "from 1m to 365d, such as 14d")
    }
}

extension ServerConfiguration.Clients {
    fileprivate init(_ read: ConfigurationReading) throws(ConfigurationError) {
        allow = try read.hostPatterns(.documentsAllow)
        block = try read.hostPatterns(.documentsBlock)
        privateHosts = try read.privateHosts()
        maxSize = try read.size(.documentsMaxSize, 1024...65_536, "from 1KiB to 64KiB, such as 16KiB")
        cacheMin = try read.duration(.documentsCacheMin, 0...86_400, "from 0s to 24h, such as 60s")
        cacheMax = try read.duration(.documentsCacheMax, 0...2_592_000, "from 0s to 30d, such as 24h")
        guard cacheMin <= cacheMax else {
            let value = read.sources.value(.documentsCacheMax) ?? ""
            throw .wrong(.documentsCacheMax, value, accepted: "no shorter than clients.metadata_documents.cache_min")
        }
        localhostAnyPort = try read.flag(.localhostAnyPort)
    }
}

extension ServerConfiguration.Connections {
    fileprivate init(_ read: ConfigurationReading) throws(ConfigurationError) {
        total = try read.count(.connectionsTotal, 16...1_000_000)
        perAddress = try read.count(.connectionsPerAddress, 1...1_000_000)
        stall = try read.duration(.connectionsStall, 1...3600, "from 1s to 1h, such as 30s")
    }
}

extension ServerConfiguration.TLS {
    fileprivate init?(_ read: ConfigurationReading) throws(ConfigurationError) {
        switch (read.path(.tlsCertificate), read.path(.tlsKey)) {
        case (nil, nil): return nil
        case (let certificate?, let key?): (self.certificate, self.key) = (certificate, key)
        case (_?, nil):
            throw ConfigurationError("tls.certificate is set without tls.key; set both, or neither behind a proxy.")
        case (nil, _?):
            throw ConfigurationError("tls.key is set without tls.certificate; set both, or neither behind a proxy.")
        }
    }
}

private let year: Int64 = 365 * 86_400
