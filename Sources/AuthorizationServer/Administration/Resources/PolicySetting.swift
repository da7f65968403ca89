import JOSE
import OAuth
import Storage

/// A setting of an MCP server's policy: its names, how its words are read and checked, and how the command line shows it.
///
/// One declaration in `PolicySettings` is all that a setting needs outside of its row: the option with its help, the member of a
/// change, the check, and the member of `resources policy` and `resources show` follow from it.
package struct PolicySetting: Sendable {
    /// How the words of the setting are written on a command line.
    package enum Form: Sendable {
        /// One word.
        case one
        /// A word each time that the option is given; one empty word empties the list.
        case repeated
        /// All words in one, separated by commas.
        case commas
        /// `yes` or `no`.
        case yesOrNo
        /// A flag and its opposite, which stand for `yes` and `no`.
        case flag
    }

    /// The member in rows, changes and files.
    package let name: String
    /// The option of `resources policy`, without its dashes.
    package let option: String
    /// How the words are written on a command line.
    package let form: Form
    /// What the option sets, for `--help`.
    package let help: String
    /// Sets the property to these words, or says why they are invalid.
    let read: @Sendable ([String], inout ResourcePolicy) throws -> Void
    /// The words that set the property to what it is; those of the default reset it.
    let words: @Sendable (ResourcePolicy) -> [String]
    /// The member of a row.
    let show: @Sendable (ResourcePolicy, Configured) -> JSON
    /// The remark for an administrator who changed the setting; nil where none is due.
    let remark: @Sendable (ResourcePolicy, ResourcePolicy, Resource) -> String?
    /// Whether live sessions may end by a change of it.
    let endsSessions: Bool

    /// What the configuration sets where a policy sets nothing.
    struct Configured {
        let sessions: Settings.Sessions
        let tokens: Settings.Tokens
    }

    /// How a kind of value is read from words and written as words.
    struct Kind<Value: Sendable & Equatable>: Sendable {
        /// Reads words; the name of the option is for the error.
        let read: @Sendable ([String], String) throws -> Value
        let words: @Sendable (Value) -> [String]
    }

    /// A setting for one property. Without `show`, its member of a row is the list of its words.
    init<Value: Sendable & Equatable>(
        _ name: String, option: String, _ form: Form, _ kind: Kind<Value>,
        of property: any WritableKeyPath<ResourcePolicy, Value> & Sendable, help: String, endsSessions: Bool = false,
        remark: (@Sendable (Value, Value, Resource) -> String?)? = nil,
        show: (@Sendable (Value, ResourcePolicy, Configured) -> JSON)? = nil
    ) {
        self.name = name
        self.option = option
        self.form = form
        self.help = help
        self.endsSessions = endsSessions
        read = { words, policy in policy[keyPath: property] = try kind.read(words, "--\(option)") }
        words = { kind.words($0[keyPath: property]) }
        self.show = { policy, configured in
            let value = policy[keyPath: property]
            return show?(value, policy, configured) ?? .strings(kind.words(value))
        }
        self.remark = { before, after, resource in
            let (old, new) = (before[keyPath: property], after[keyPath: property])
            return old == new ? nil : remark?(old, new, resource)
        }
    }

    /// The setting of this name.
    package static func named(_ name: String) -> PolicySetting? { all.first { $0.name == name } }
}

extension ResourcePolicy {
    /// The policy after a change of settings, each by its words. Throws for the first that is unknown or invalid.
    func changed(by words: [String: [String]]) throws -> ResourcePolicy {
        for name in words.keys.sorted() where PolicySetting.named(name) == nil {
            let nearest = NearestName.of(name, among: PolicySetting.all.map(\.name)) ?? ""
            throw AdministrationError(.invalid, "'\(name)' is not a setting of a policy. Did you mean '\(nearest)'?")
        }
        var policy = self
        for setting in PolicySetting.all {
            if let words = words[setting.name] { try setting.read(words, &policy) }
        }
        return policy
    }
}
