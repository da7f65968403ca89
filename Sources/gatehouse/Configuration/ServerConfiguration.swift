import AuthorizationServer
import Foundation
import OAuth

/// The checked configuration of a server, read from flags, environment variables and the file.
///
/// Its members are the declarations of `ConfigurationKeys`, each with the type of its value. Paths are absolute, times in seconds
/// and sizes in bytes.
@dynamicMemberLookup
struct ServerConfiguration: Sendable {
    private var values: [ConfigurationKey: any Sendable] = [:]

    /// Reads all keys from the sources, and throws for the first invalid one.
    init(_ sources: ConfigurationSources) throws(ConfigurationError) {
        for setting in ConfigurationKeys.settings { values[setting.key] = try setting.read(sources) }
        try refuseContradictions(sources)
    }

    /// Reads the configuration with the environment and the working directory of this process.
    static func load(file: String?, flags: [ConfigurationKey: [String]] = [:]) throws(ConfigurationError) -> Self {
        try ServerConfiguration(
            ConfigurationSources(
                flags: flags, environment: ProcessInfo.processInfo.environment, file: file,
                workingDirectory: FileManager.default.currentDirectoryPath))
    }

    /// The value of a setting.
    subscript<Value>(setting: Setting<Value>) -> Value {
        get {
            guard let value = values[setting.key] as? Value else {
                preconditionFailure("'\(setting.key.path)' is not declared in ConfigurationKeys")
            }
            return value
        }
        set { values[setting.key] = newValue }
    }

    subscript<Value>(dynamicMember setting: KeyPath<ConfigurationKeys, Setting<Value>>) -> Value {
        get { self[ConfigurationKeys.all[keyPath: setting]] }
        set { self[ConfigurationKeys.all[keyPath: setting]] = newValue }
    }
}

extension ServerConfiguration: Equatable {
    static func == (left: Self, right: Self) -> Bool {
        ConfigurationKeys.settings.allSatisfy { $0.isSame(left, right) }
    }
}

extension ServerConfiguration {
    /// The PEM files of the certificate chain and its private key.
    struct TLS: Equatable, Sendable {
        var certificate: String
        var key: String
    }

    /// The files of the certificate, if Gatehouse itself serves TLS.
    var tls: TLS? {
        guard let certificate = self.tlsCertificate, let key = self.tlsKey else { return nil }
        return TLS(certificate: certificate, key: key)
    }

    /// The settings of the authorization server.
    func settings() throws -> Settings {
        var settings = Settings(issuer: try Issuer(self.issuer))
        for setting in ConfigurationKeys.settings { setting.carry(from: self, to: &settings) }
        settings.clients.documentCache = self.documentsCacheMin...self.documentsCacheMax
        return settings
    }

    private func refuseContradictions(_ sources: ConfigurationSources) throws(ConfigurationError) {
        func refused(
            _ setting: KeyPath<ConfigurationKeys, Setting<Int64>>, accepted: String
        ) -> ConfigurationError {
            let key = ConfigurationKeys.all[keyPath: setting].key
            return .invalid(key, sources.value(key) ?? "", accepted: accepted)
        }
        guard self.sessionChoices.contains(self.sessionPreselected) else {
            let choices = sources.entries(ConfigurationKeys.all.sessionChoices.key).joined(separator: ", ")
            throw refused(\.sessionPreselected, accepted: "one of sessions.choices: \(choices)")
        }
        guard self.documentsCacheMin <= self.documentsCacheMax else {
            throw refused(\.documentsCacheMax, accepted: "no shorter than clients.metadata_documents.cache_min")
        }
        guard self.retentionElicitations <= self.retentionSessions else {
            throw refused(\.retentionElicitations, accepted: "no longer than retention.sessions")
        }
        if (self.tlsCertificate == nil) != (self.tlsKey == nil) {
            let (present, missing) = self.tlsKey == nil ? ("certificate", "key") : ("key", "certificate")
            throw ConfigurationError(
                "'tls.\(present)' is set without 'tls.\(missing)'. Set both, or neither behind a proxy.")
        }
        if self.listen.port != 0, self.listen == self.operationsListen {
            throw ConfigurationError(
                "'operations.listen' and 'listen' are both \(self.listen). Give the operations listener another address."
            )
        }
        if tls != nil, !self.issuer.hasPrefix("https://") {
            throw ConfigurationError(
                "'tls.certificate' is set, but 'issuer' is \(self.issuer). The issuer must start with https://.")
        }
    }
}
