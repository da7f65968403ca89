import ArgumentParser

/// One flag for each configuration key.
///
/// ArgumentParser learns the flags of a type from its mirror. The mirror of this type shows the keys, so that a declared key has
/// its flag without a property here.
struct ConfigurationFlags: ParsableArguments, CustomReflectable {
    /// The values of the flags that are set, by key.
    private(set) var values: [ConfigurationKey: [String]] = [:]

    init() {}

    init(from decoder: any Decoder) throws {
        let flags = try decoder.container(keyedBy: FlagName.self)
        for key in ConfigurationKey.all {
            let name = FlagName(stringValue: key.flagName)
            let entries =
                key.isList
                ? try flags.decode(Option<[String]>.self, forKey: name).wrappedValue
                : try flags.decode(Option<String?>.self, forKey: name).wrappedValue.map { [$0] } ?? []
            if !entries.isEmpty { values[key] = entries }
        }
    }

    var customMirror: Mirror {
        let flags = ConfigurationKey.all.map { key -> Mirror.Child in
            let (name, help) = (NameSpecification.customLong(key.flagName), ArgumentHelp(stringLiteral: key.help))
            return key.isList
                ? (key.flagName, Option<[String]>(wrappedValue: [], name: name, help: help))
                : (key.flagName, Option<String?>(name: name, help: help))
        }
        return Mirror(self, children: flags)
    }
}
