import ArgumentParser
import AuthorizationServer

/// One option for each declared setting of a policy.
///
/// ArgumentParser learns the options of a type from its mirror. The mirror of this type shows the settings, so that a declared
/// setting has its option without a property here.
struct PolicyFlags: ParsableArguments, CustomReflectable {
    /// The words of the options that are given, by the names of their settings.
    private(set) var words: [String: [String]] = [:]

    init() {}

    init(from decoder: any Decoder) throws {
        let options = try decoder.container(keyedBy: OptionName.self)
        for setting in PolicySetting.all {
            let name = OptionName(stringValue: setting.option)
            switch setting.form {
            case .one:
                words[setting.name] = try options.decode(Option<String?>.self, forKey: name).wrappedValue.map { [$0] }
            case .commas:
                words[setting.name] = try options.decode(Option<String?>.self, forKey: name).wrappedValue.map {
                    $0.split(separator: ",").map { String($0.filter { $0 != " " }) }
                }
            case .repeated:
                let list = try options.decode(Option<[String]>.self, forKey: name).wrappedValue
                // An empty word empties the list, where the setting has an empty one.
                if !list.isEmpty { words[setting.name] = list.filter { !$0.isEmpty } }
            case .yesOrNo:
                words[setting.name] = try options.decode(Option<YesNoArgument?>.self, forKey: name).wrappedValue.map {
                    [$0.rawValue]
                }
            case .flag:
                words[setting.name] = try options.decode(Flag<Bool?>.self, forKey: name).wrappedValue.map {
                    [$0 ? "yes" : "no"]
                }
            }
        }
    }

    var customMirror: Mirror {
        let options = PolicySetting.all.map { setting -> Mirror.Child in
            let help = ArgumentHelp(stringLiteral: setting.help)
            let name = NameSpecification.customLong(setting.option)
            return switch setting.form {
            case .one, .commas: (setting.option, Option<String?>(name: name, help: help))
            case .repeated: (setting.option, Option<[String]>(wrappedValue: [], name: name, help: help))
            case .yesOrNo: (setting.option, Option<YesNoArgument?>(name: name, help: help))
            case .flag: (setting.option, Flag<Bool?>(name: name, inversion: .prefixedNo, help: help))
            }
        }
        return Mirror(self, children: options)
    }

    /// The name under which ArgumentParser keeps the value of an option.
    private struct OptionName: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }

        init?(intValue: Int) { nil }
    }
}
