import ArgumentParser
import OAuth
import Storage

/// One flag for each option of an identity provider.
///
/// As for the keys of the configuration, ArgumentParser learns the flags from the mirror of this type, so that a declared option has its
/// flag without a property here.
struct IdentityProviderOptionFlags: ParsableArguments, CustomReflectable {
    /// The texts of the options that are given, by name.
    private(set) var texts: [String: [String]] = [:]

    init() {}

    init(from decoder: any Decoder) throws {
        let flags = try decoder.container(keyedBy: FlagName.self)
        for option in IdentityProviderOptions.declared {
            let name = FlagName(stringValue: option.key.flagName)
            let given: [String] =
                switch option.key.form {
                case .list: try flags.decode(Option<[String]>.self, forKey: name).wrappedValue
                case .text: try flags.decode(Option<String?>.self, forKey: name).wrappedValue.map { [$0] } ?? []
                case .flag: try flags.decode(Flag<Bool?>.self, forKey: name).wrappedValue.map { ["\($0)"] } ?? []
                }
            if !given.isEmpty { texts[option.key.name] = given }
        }
    }

    var customMirror: Mirror {
        let flags = IdentityProviderOptions.declared.map { option -> Mirror.Child in
            let key = option.key
            let (name, help) = (
                NameSpecification.customLong(key.flagName), ArgumentHelp(key.help, discussion: key.discussion)
            )
            return switch key.form {
            case .list: (key.flagName, Option<[String]>(wrappedValue: [], name: name, help: help))
            case .text: (key.flagName, Option<String?>(name: name, help: help))
            case .flag: (key.flagName, Flag<Bool?>(name: name, inversion: .prefixedNo, help: help))
            }
        }
        return Mirror(self, children: flags)
    }
}
