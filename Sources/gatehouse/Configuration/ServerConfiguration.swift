import Foundation
import Logging
import OAuth

/// The checked configuration of a server, read from flags, environment variables and the file.
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
    /// Whether everybody may use a new MCP server.
    var opensNewResources: Bool
    var clients: Clients
    /// Whether users sign in by name and password.
    var signInPassword: Bool
    var trust: [String]
    var mail: Mail
    var tls: TLS?
    var proxies: [String]
    var log: Log
    var connections: Connections

    /// The settings of the log.
    struct Log: Equatable, Sendable {
        /// The minimum level.
        var level: Logger.Level
        /// Whether every request is logged, and not only a refused or failed one.
        var requests: Bool
    }

    /// Absolute paths.
    struct Paths: Equatable, Sendable {
        var data: String
        var keys: String
        var keysPassphraseFile: String?
        var templates: String
        var adminSocket: String
    }

    /// Lifetimes of tokens and codes, in seconds.
    struct Tokens: Equatable, Sendable {
        var access: Int64
        var code: Int64
        var refreshGrace: Int64
    }

    /// Lifetimes and idle timeout of sessions, in seconds.
    struct Sessions: Equatable, Sendable {
        var choices: [Int64]
        var preselected: Int64
        var idle: Int64
    }

    /// The hosts of clients, and how their metadata documents are fetched. Sizes in bytes, times in seconds.
    struct Clients: Equatable, Sendable {
        var allow: [String]
        var block: [String]
        var privateHosts: [HostAndPort]
        var maxSize: Int
        var cacheMin: Int64
        var cacheMax: Int64
        var localhostAnyPort: Bool
        var registration: RegistrationMode
        var requirePushedRequests: Bool
    }

    /// The connection limits of a listener, and the seconds after which a peer that reads nothing is disconnected.
    struct Connections: Equatable, Sendable {
        var total: Int
        var perAddress: Int
        var stall: Int64
    }

    /// The program that sends a message to a user, with its arguments, and the sender. Without a program, administrators bring
    /// links to users themselves.
    struct Mail: Equatable, Sendable {
        var command: [String]
        var sender: String?
    }

    /// The PEM files of the certificate chain and its private key, if Gatehouse itself serves TLS.
    struct TLS: Equatable, Sendable {
        var certificate: String
        var key: String
    }
}

extension ServerConfiguration {
    /// Reads all keys from the sources, and throws for the first invalid one.
    init(_ sources: ConfigurationSources) throws(ConfigurationError) {
        let read = ConfigurationReader(sources: sources)
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
        opensNewResources = try read.choice(.accessDefault, ["everyone", "nobody"]) == "everyone"
        clients = try Clients(read)
        signInPassword = try read.flag(.signInPassword)
        trust = read.paths(.outboundTrust)
        mail = try Mail(read)
        tls = try TLS(read)
        proxies = try read.proxies()
        log = Log(level: try read.level(.logLevel), requests: try read.flag(.logRequests))
        connections = try Connections(read)
        try refuseContradictions()
    }

    /// Reads the configuration with the environment and the working directory of this process.
    static func load(file: String?, flags: [ConfigurationKey: [String]] = [:]) throws(ConfigurationError) -> Self {
        try ServerConfiguration(
            ConfigurationSources(
                flags: flags, environment: ProcessInfo.processInfo.environment, file: file,
                workingDirectory: FileManager.default.currentDirectoryPath))
    }

    private func refuseContradictions() throws(ConfigurationError) {
        if listen.port != 0, listen == operations {
            throw ConfigurationError(
                "'operations.listen' and 'listen' are both \(operations). Give the operations listener another address."
            )
        }
        if tls != nil, !issuer.hasPrefix("https://") {
            throw ConfigurationError(
                "'tls.certificate' is set, but 'issuer' is \(issuer). The issuer must start with https://.")
        }
    }
}

extension ServerConfiguration.Paths {
    /// The maximum length in bytes of a Unix socket's path.
    static let longestSocketPath = 103

    fileprivate init(_ read: ConfigurationReader) throws(ConfigurationError) {
        data = try read.ownFolder(.data)
        keys = try read.ownFolder(.keys)
        keysPassphraseFile = read.path(.keysPassphraseFile)
        templates = read.requiredPath(.templates)
        adminSocket = read.requiredPath(.adminSocket)
        guard adminSocket.utf8.count <= Self.longestSocketPath else {
            throw .invalid(
                .adminSocket, adminSocket, accepted: "at most \(Self.longestSocketPath) bytes long as an absolute path")
        }
    }
}

extension ServerConfiguration.Tokens {
    fileprivate init(_ read: ConfigurationReader) throws(ConfigurationError) {
        access = try read.duration(.accessLifetime, 60...3600, "from 1m to 60m, such as 10m")
        code = try read.duration(.codeLifetime, 1...600, "from 1s to 600s, such as 60s")
        refreshGrace = try read.duration(.refreshGrace, 0...300, "from 0s to 300s, such as 120s")
    }
}

extension ServerConfiguration.Sessions {
    fileprivate init(_ read: ConfigurationReader) throws(ConfigurationError) {
        choices = try read.durations(.sessionChoices, 60...year, "durations from 1m to 365d, such as [1h, 12h, 30d]")
        guard !choices.isEmpty, choices.count <= 8, zip(choices, choices.dropFirst()).allSatisfy({ $0 < $1 }) else {
            let text = read.sources.entries(.sessionChoices).joined(separator: ", ")
            throw .invalid(.sessionChoices, text, accepted: "one to eight durations, the shortest first")
        }
        preselected = try read.duration(.sessionPreselected, 60...year, "one of sessions.choices")
        guard choices.contains(preselected) else {
            let list = read.sources.entries(.sessionChoices).joined(separator: ", ")
            let value = read.sources.value(.sessionPreselected) ?? ""
            throw .invalid(.sessionPreselected, value, accepted: "one of sessions.choices: \(list)")
        }
        idle = try read.duration(.sessionIdle, 60...year, "from 1m to 365d, such as 14d")
    }
}

extension ServerConfiguration.Clients {
    fileprivate init(_ read: ConfigurationReader) throws(ConfigurationError) {
        allow = try read.hostPatterns(.documentsAllow)
        block = try read.hostPatterns(.documentsBlock)
        privateHosts = try read.privateHosts()
        maxSize = try read.size(.documentsMaxSize, 1024...65_536, "from 1KiB to 64KiB, such as 16KiB")
        cacheMin = try read.duration(.documentsCacheMin, 0...86_400, "from 0s to 24h, such as 60s")
        cacheMax = try read.duration(.documentsCacheMax, 0...2_592_000, "from 0s to 30d, such as 24h")
        guard cacheMin <= cacheMax else {
            let value = read.sources.value(.documentsCacheMax) ?? ""
            throw .invalid(.documentsCacheMax, value, accepted: "no shorter than clients.metadata_documents.cache_min")
        }
        localhostAnyPort = try read.flag(.localhostAnyPort)
        registration = try read.registration()
        requirePushedRequests = try read.flag(.requirePushedRequests)
    }
}

extension ServerConfiguration.Connections {
    fileprivate init(_ read: ConfigurationReader) throws(ConfigurationError) {
        total = try read.count(.connectionsTotal, 16...1_000_000)
        perAddress = try read.count(.connectionsPerAddress, 1...1_000_000)
        stall = try read.duration(.connectionsStall, 1...3600, "from 1s to 1h, such as 30s")
    }
}

extension ServerConfiguration.Mail {
    fileprivate init(_ read: ConfigurationReader) throws(ConfigurationError) {
        command = read.sources.entries(.mailCommand)
        sender = read.sources.value(.mailFrom)
        // A relative path would mean another program in another folder.
        if let program = command.first, !program.hasPrefix("/") {
            throw .invalid(
                .mailCommand, program,
                accepted: "a list that begins with the absolute path of a program, such as [/usr/sbin/sendmail, -t]")
        }
        if let sender, sender.contains(where: \.isNewline) {
            throw .invalid(.mailFrom, sender, accepted: "one line, such as Gatehouse <gatehouse@example.org>")
        }
    }
}

extension ServerConfiguration.TLS {
    fileprivate init?(_ read: ConfigurationReader) throws(ConfigurationError) {
        switch (read.path(.tlsCertificate), read.path(.tlsKey)) {
        case (nil, nil): return nil
        case (let certificate?, let key?): (self.certificate, self.key) = (certificate, key)
        case (_?, nil):
            throw ConfigurationError("'tls.certificate' is set without 'tls.key'. Set both, or neither behind a proxy.")
        case (nil, _?):
            throw ConfigurationError("'tls.key' is set without 'tls.certificate'. Set both, or neither behind a proxy.")
        }
    }
}

private let year: Int64 = 365 * 86_400
