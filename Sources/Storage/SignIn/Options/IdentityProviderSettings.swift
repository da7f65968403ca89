import JOSE
package import OAuth

/// The options of one identity provider: what its operator set, and the standard value of everything else.
///
/// Its members are the declarations of `IdentityProviderOptions`, each with the type of its value.
@dynamicMemberLookup
package struct IdentityProviderSettings: Sendable {
    /// The texts of the options that are set, by name.
    package let texts: [String: [String]]
    private let values: [String: any Sendable]

    /// The settings of a provider whose operator set nothing.
    package init() { (texts, values) = ([:], [:]) }

    /// Reads the texts of options, or says in a sentence which of them is not acceptable. An option without a text is not set.
    package init(_ texts: [String: [String]]) throws(OAuthValueError) {
        var (read, values): ([String: [String]], [String: any Sendable]) = ([:], [:])
        var unknown = Set(texts.keys)
        for option in IdentityProviderOptions.declared {
            let name = option.key.name
            unknown.remove(name)
            guard let given = texts[name], !given.isEmpty else { continue }
            let (value, canonical) = try option.read(given)
            guard !canonical.isEmpty else { continue }
            (read[name], values[name]) = (canonical, value)
        }
        if let name = unknown.first { throw OAuthValueError("'\(name)' is not an option of identity providers.") }
        (self.texts, self.values) = (read, values)
    }

    /// The value of an option.
    subscript<Value>(option: IdentityProviderOption<Value>) -> Value {
        values[option.key.name] as? Value ?? option.standard
    }

    /// The value of the option that this member of `IdentityProviderOptions` declares.
    package subscript<Value>(
        dynamicMember option: KeyPath<IdentityProviderOptions, IdentityProviderOption<Value>>
    ) -> Value {
        self[IdentityProviderOptions.all[keyPath: option]]
    }
}

extension IdentityProviderSettings: Hashable {
    package static func == (one: Self, other: Self) -> Bool { one.texts == other.texts }

    package func hash(into hasher: inout Hasher) { hasher.combine(texts) }
}

extension IdentityProviderSettings {
    /// The form in which a row keeps them.
    var json: JSONObject {
        var json: JSONObject = [:]
        for name in texts.keys.sorted() { json[name] = .strings(texts[name] ?? []) }
        return json
    }

    /// Reads what `json` wrote.
    init(stored text: String) throws {
        var texts: [String: [String]] = [:]
        for (name, value) in try JSONObject(parsing: Array(text.utf8)).members {
            guard let strings = value.strings else { throw OAuthValueError("The option '\(name)' has no texts.") }
            texts[name] = strings
        }
        try self.init(texts)
    }
}
