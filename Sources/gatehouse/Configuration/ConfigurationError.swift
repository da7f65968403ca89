/// Why a configuration is invalid, in one sentence or two for its author.
struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    /// A value that the key does not accept.
    static func invalid(_ key: ConfigurationKey, _ value: String, accepted: String) -> ConfigurationError {
        ConfigurationError("Invalid value '\(Terminal.sanitised(value))' for '\(key.path)': must be \(accepted).")
    }

    /// An unknown key, with the known key of the most similar name.
    static func unknown(_ name: String, in place: String, nearest: String?) -> ConfigurationError {
        let hint = nearest.map { " The nearest known key is '\($0)'." } ?? ""
        return ConfigurationError("Unknown key '\(Terminal.sanitised(name))' in \(place).\(hint)")
    }
}
