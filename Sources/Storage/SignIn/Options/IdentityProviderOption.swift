package import JOSE
package import OAuth

/// The name of an option of an identity provider, and how the command line shows it.
package struct IdentityProviderOptionKey: Hashable, Sendable {
    /// How the command line reads the option.
    package enum Form: Hashable, Sendable {
        /// One text.
        case text
        /// Any number of texts.
        case list
        /// A flag with its opposite, which begins with `no-`.
        case flag
    }

    /// The name in the database, in requests and in output.
    package let name: String
    /// The name on the command line, without its hyphens.
    package let flagName: String
    package let form: Form
    /// One sentence for `--help`.
    package let help: String
    /// What else `--help` says; empty for nothing.
    package let discussion: String
}

/// An option of an identity provider with the type of its value.
package struct IdentityProviderOption<Value: Sendable>: Sendable {
    /// The option without the type.
    package let key: IdentityProviderOptionKey
    private let kind: IdentityProviderOptionKind<Value>

    /// An option. `flag` is its name on the command line, where that is another one.
    init(
        _ name: String, flag: String? = nil, _ kind: IdentityProviderOptionKind<Value>, help: String,
        discussion: String = ""
    ) {
        key = IdentityProviderOptionKey(
            name: name, flagName: flag ?? name.replacing("_", with: "-"), form: kind.form, help: help,
            discussion: discussion)
        self.kind = kind
    }

    /// The value of a provider whose operator did not set the option.
    var standard: Value { kind.standard }
}

/// An option of an identity provider, of whatever type.
package protocol DeclaredIdentityProviderOption: Sendable {
    /// The option without the type.
    var key: IdentityProviderOptionKey { get }
    /// Reads texts, or says in a sentence why they are not acceptable. `texts` are the same in their one spelling.
    func read(_ texts: [String]) throws(OAuthValueError) -> (value: any Sendable, texts: [String])
    /// The value of a provider as output has it.
    func shown(in settings: IdentityProviderSettings) -> JSON
}

extension IdentityProviderOption: DeclaredIdentityProviderOption {
    package func read(_ texts: [String]) throws(OAuthValueError) -> (value: any Sendable, texts: [String]) {
        let value = try kind.read(texts)
        return (value, kind.texts(value))
    }

    package func shown(in settings: IdentityProviderSettings) -> JSON { kind.shown(settings[self]) }
}
