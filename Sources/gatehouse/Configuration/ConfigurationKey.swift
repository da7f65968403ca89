import OAuth

/// A key of the configuration: its name, and what the sources need to know of it.
struct ConfigurationKey: Sendable {
    /// What a reload of a running server does with another value.
    enum Reload {
        /// It takes effect at once.
        case applied
        /// It waits for the next start.
        case waits
        /// The files are read again at each reload, as they are renewed under the same names. Whether there are any waits for the
        /// next start.
        case renewed
    }

    /// The name in messages, with dots between the levels of the file.
    let path: String
    /// Whether the value is a list; in a variable, commas separate the entries.
    let isList: Bool
    /// The value if no source sets the key; empty if there is no default.
    let defaultValue: [String]
    /// What a reload does with another value.
    let reload: Reload
    /// What the key sets, for `--help`.
    let help: String

    /// All keys, in the order of their declaration.
    static let all = ConfigurationKeys.settings.map(\.key)

    /// The key of this name.
    static func named(_ path: String) -> ConfigurationKey? { all.first { $0.path == path } }

    /// The levels of the key in the file.
    var components: [String] { path.split(separator: ".").map(String.init) }

    /// The variable that sets the key, such as `GATEHOUSE_TOKENS_ACCESS`.
    var environmentVariable: String { "GATEHOUSE_" + path.uppercased().replacing(".", with: "_") }

    /// The flag that sets the key, such as `--tokens-access`.
    var flag: String { "--" + flagName }

    /// The flag without its dashes.
    var flagName: String { path.replacing(".", with: "-").replacing("_", with: "-") }
}

extension ConfigurationKey: Hashable {
    static func == (left: Self, right: Self) -> Bool { left.path == right.path }

    func hash(into hasher: inout Hasher) { hasher.combine(path) }
}

extension ConfigurationKey {
    /// The known name that `unknown` was probably meant to be.
    static func nearest(to unknown: String, among names: [String]) -> String? { NearestName.of(unknown, among: names) }
}
