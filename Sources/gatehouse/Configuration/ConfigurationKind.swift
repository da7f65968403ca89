/// How the text of a key becomes a value. An error names the key, the text and the accepted ones.
struct ConfigurationKind<Value: Sendable>: Sendable {
    /// Whether the value is a list.
    let isList: Bool
    let read: @Sendable (ConfigurationText) throws(ConfigurationError) -> Value

    /// A kind with one text, which is empty if no source sets the key.
    init(one read: @escaping @Sendable (ConfigurationText, String) throws(ConfigurationError) -> Value) {
        isList = false
        self.read = { text throws(ConfigurationError) in try read(text, text.single ?? "") }
    }

    /// A kind with a text that may be missing.
    init<Present>(
        optional read: @escaping @Sendable (ConfigurationText, String) throws(ConfigurationError) -> Present
    ) where Value == Present? {
        isList = false
        self.read = { text throws(ConfigurationError) in
            guard let single = text.single else { return nil }
            return try read(text, single)
        }
    }

    /// A kind with any number of texts, which are checked together.
    init(list read: @escaping @Sendable (ConfigurationText) throws(ConfigurationError) -> Value) {
        isList = true
        self.read = read
    }

    /// A kind with any number of texts, each of which is read by itself.
    init<Entry>(
        each read: @escaping @Sendable (ConfigurationText, String) throws(ConfigurationError) -> Entry
    ) where Value == [Entry] {
        self.init(list: { text throws(ConfigurationError) in
            var entries: [Entry] = []
            for entry in text.entries { entries.append(try read(text, entry)) }
            return entries
        })
    }
}

/// The text of a key, from whichever source set it.
struct ConfigurationText {
    let key: ConfigurationKey
    let entries: [String]
    /// The folder against which relative paths resolve.
    let baseDirectory: String

    var single: String? { entries.first }

    /// A path of the text as an absolute one.
    func absolute(_ path: String) -> String { AbsolutePath(path, relativeTo: baseDirectory).string }

    /// A duration of the text in seconds.
    func seconds(
        _ duration: String, _ range: ClosedRange<Int64>, accepted: String
    ) throws(ConfigurationError) -> Int64 {
        guard let value = DurationValue(duration), range.contains(value.seconds) else {
            throw refused(duration, accepted: accepted)
        }
        return value.seconds
    }

    func refused(_ value: String, accepted: String) -> ConfigurationError { .invalid(key, value, accepted: accepted) }
}
