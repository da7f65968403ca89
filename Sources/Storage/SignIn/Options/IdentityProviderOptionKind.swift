import JOSE
import OAuth

/// How the texts of an option become its value, and how the value is written and shown.
struct IdentityProviderOptionKind<Value: Sendable>: Sendable {
    let form: IdentityProviderOptionKey.Form
    /// The value of a provider whose operator did not set the option.
    let standard: Value
    /// Reads at least one text.
    let read: @Sendable ([String]) throws(OAuthValueError) -> Value
    /// The texts of a value in their one spelling.
    let texts: @Sendable (Value) -> [String]
    let shown: @Sendable (Value) -> JSON

    /// A kind with one text.
    fileprivate init(
        one form: IdentityProviderOptionKey.Form = .text, _ standard: Value,
        read: @escaping @Sendable (String) throws(OAuthValueError) -> Value,
        text: @escaping @Sendable (Value) -> String?, shown: @escaping @Sendable (Value) -> JSON
    ) {
        self.form = form
        self.standard = standard
        self.read = { texts throws(OAuthValueError) in
            guard texts.count == 1 else {
                throw OAuthValueError("Give one value, not several: \(texts.joined(separator: ", ")).")
            }
            return try read(texts[0])
        }
        texts = { value in text(value).map { [$0] } ?? [] }
        self.shown = shown
    }

    /// A kind with any number of texts, each of which is read by itself.
    fileprivate init<Entry: Sendable>(
        each read: @escaping @Sendable (String) throws(OAuthValueError) -> Entry,
        text: @escaping @Sendable (Entry) -> String
    ) where Value == [Entry] {
        form = .list
        standard = []
        self.read = { texts throws(OAuthValueError) in
            var entries: [Entry] = []
            for text in texts { entries.append(try read(text)) }
            return entries
        }
        texts = { $0.map(text) }
        shown = { .strings($0.map(text)) }
    }
}

extension IdentityProviderOptionKind<Bool> {
    /// Off unless the operator turns it on.
    static var flag: Self {
        Self(
            one: .flag, false,
            read: { text throws(OAuthValueError) in
                guard let value = Bool(text) else { throw OAuthValueError("'\(text)' is neither true nor false.") }
                return value
            }, text: { $0 ? "true" : nil }, shown: { .bool($0) })
    }
}

extension IdentityProviderOptionKind where Value: RawRepresentable<String> & CaseIterable {
    /// One of the words of an enumeration.
    static func word(_ standard: Value) -> Self {
        Self(
            one: .text, standard,
            read: { text throws(OAuthValueError) in
                guard let value = Value(rawValue: text) else {
                    let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
                    throw OAuthValueError("'\(text)' is none of \(names).")
                }
                return value
            }, text: \.rawValue, shown: { .string($0.rawValue) })
    }
}

extension IdentityProviderOptionKind<String?> {
    /// A line of text that may be missing. `name` begins the sentence of an error.
    static func line(_ name: String, atMost limit: Int) -> Self {
        Self(
            one: .text, nil,
            read: { text throws(OAuthValueError) in try TypedText.checked(text, as: name, atMost: limit) },
            text: { $0 }, shown: { $0.map(JSON.string) ?? .null })
    }
}

extension IdentityProviderOptionKind<[String]> {
    /// Lines of text. `name` begins the sentence of an error.
    static func lines(_ name: String, atMost limit: Int) -> Self {
        Self(
            each: { text throws(OAuthValueError) in try TypedText.checked(text, as: name, atMost: limit) },
            text: { $0 })
    }

    /// Domains as they stand in e-mail addresses, in lower case.
    static var domains: Self {
        Self(each: { text throws(OAuthValueError) in try EmailAddress.checkedDomain(text) }, text: { $0 })
    }
}

extension IdentityProviderOptionKind<[AuthenticationContext]> {
    /// Authentication contexts as the provider names them.
    static var contexts: Self {
        Self(
            each: { text throws(OAuthValueError) in
                guard let context = AuthenticationContext(requestable: text) else {
                    throw OAuthValueError(
                        "'\(text)' is not an authentication context. Give values as the provider names them in acr.")
                }
                return context
            }, text: \.rawValue)
    }
}

extension IdentityProviderOptionKind<ScopeSet> {
    /// Scopes, of which several may stand in one text.
    static func scope(_ standard: ScopeSet) -> Self {
        Self(scope: standard)
    }

    private init(scope standard: ScopeSet) {
        form = .list
        self.standard = standard
        read = { texts throws(OAuthValueError) in try ScopeSet(parsing: texts.joined(separator: " ")) }
        texts = { $0.string.split(separator: " ").map(String.init) }
        shown = { .string($0.string) }
    }
}
