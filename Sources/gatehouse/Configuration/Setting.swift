import AuthorizationServer

/// A key of the configuration with the type of its value.
struct Setting<Value: Equatable & Sendable>: Sendable {
    /// The key without the type.
    let key: ConfigurationKey
    private let kind: ConfigurationKind<Value>
    private let carry: @Sendable (Value, inout Settings) -> Void

    /// A setting of this process. `path` is the name with dots between the levels of the file, and `default` the texts that apply if
    /// no source sets the key.
    init(
        _ path: String, _ kind: ConfigurationKind<Value>, default: [String] = [],
        reload: ConfigurationKey.Reload = .waits, help: String
    ) {
        self.init(path, kind, `default`, reload, help) { _, _ in }
    }

    /// A setting whose value also becomes a member of the authorization server's settings.
    init(
        _ path: String, _ kind: ConfigurationKind<Value>, default: [String] = [],
        into member: any WritableKeyPath<Settings, Value> & Sendable, help: String
    ) {
        self.init(path, kind, `default`, .waits, help) { $1[keyPath: member] = $0 }
    }

    private init(
        _ path: String, _ kind: ConfigurationKind<Value>, _ defaultValue: [String], _ reload: ConfigurationKey.Reload,
        _ help: String, carry: @escaping @Sendable (Value, inout Settings) -> Void
    ) {
        key = ConfigurationKey(
            path: path, isList: kind.isList, defaultValue: defaultValue, reload: reload, help: help)
        self.kind = kind
        self.carry = carry
    }
}

/// A setting of whatever type.
protocol DeclaredSetting: Sendable {
    /// The key.
    var key: ConfigurationKey { get }
    /// Reads the value from the sources, or says why it is invalid.
    func read(_ sources: ConfigurationSources) throws(ConfigurationError) -> any Sendable
    /// Whether the value is the same in two configurations.
    func isSame(_ first: ServerConfiguration, _ second: ServerConfiguration) -> Bool
    /// Carries the value to the settings of the authorization server, if these have a member for it.
    func carry(from configuration: ServerConfiguration, to settings: inout Settings)
}

extension Setting: DeclaredSetting {
    func read(_ sources: ConfigurationSources) throws(ConfigurationError) -> any Sendable {
        try kind.read(
            ConfigurationText(key: key, entries: sources.entries(key), baseDirectory: sources.baseDirectory))
    }

    func isSame(_ first: ServerConfiguration, _ second: ServerConfiguration) -> Bool { first[self] == second[self] }

    func carry(from configuration: ServerConfiguration, to settings: inout Settings) {
        carry(configuration[self], &settings)
    }
}
