/// Why a configuration does not hold, as one sentence for the person who wrote it.
struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    /// A value that the key does not take.
    static func wrong(_ key: ConfigurationKey, _ value: String, accepted: String) -> ConfigurationError {
        ConfigurationError("\(key.path) is '\(Terminal.sanitised(value))', but it must be \(accepted).")
    }

    /// A name that nobody knows, with the one that was probably meant.
    static func unknown(_ name: String, in place: String, nearest: String?) -> ConfigurationError {
        let hint = nearest.map { "; the nearest known key is '\($0)'" } ?? ""
        return ConfigurationError("\(place) has the unknown key '\(Terminal.sanitised(name))'\(hint).")
    }
}
