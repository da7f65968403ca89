import JOSE

/// Reads the members of a JSON request; a refusal names the member and says what belongs there.
struct MemberReader {
    private let object: JSONObject
    private let path: String

    init(_ object: JSONObject, at path: String = "") {
        self.object = object
        self.path = path
    }

    /// Reads the object that stands at `path`.
    init(_ value: JSON?, at path: String) throws(OAuthError) {
        guard let object = value?.object else { throw Self.refusal(path, "has to be an object.") }
        self.init(object, at: path)
    }

    func name(of member: String) -> String { path.isEmpty ? member : "\(path).\(member)" }

    func value(_ member: String) -> JSON? {
        guard let value = object[member], value != .null else { return nil }
        return value
    }

    /// A text of at most `limit` characters, not blank.
    func text(_ member: String, limit: Int) throws(OAuthError) -> String {
        guard let text = try textIfAny(member, limit: limit) else { throw refusal(member, "is missing.") }
        return text
    }

    func textIfAny(_ member: String, limit: Int) throws(OAuthError) -> String? {
        guard let value = value(member) else { return nil }
        guard let text = value.string else { throw refusal(member, "has to be a string.") }
        // Counted as others count it: what Swift calls one character can be a thousand code points.
        guard text.unicodeScalars.count <= limit else {
            throw refusal(member, "is too long; send at most \(limit) characters.")
        }
        if let hidden = text.unicodeScalars.first(where: Self.isHidden) {
            let code = String(hidden.value, radix: 16, uppercase: true)
            throw refusal(member, "holds the character U+\(code), which a page cannot show; leave it out.")
        }
        guard !text.allSatisfy(\.isWhitespace) else { throw refusal(member, "is empty.") }
        return text
    }

    /// A page takes them out or spells them out, but a digest covers them.
    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        let visibility = Visibility(scalar)
        return visibility == .control || visibility == .hidden
    }

    /// A word that holds no blank and no more than a name does.
    func nameIfAny(_ member: String) throws(OAuthError) -> String? {
        guard let text = try textIfAny(member, limit: 64) else { return nil }
        guard ActionName.isName(text) else { throw refusal(member, "has to be made of \(ActionName.rule).") }
        return text
    }

    /// At least one name, none of them twice.
    func names(_ member: String, limit: Int) throws(OAuthError) -> [String] {
        guard let values = try arrayIfAny(member, limit: limit), !values.isEmpty else {
            throw refusal(member, "has to name at least one.")
        }
        var names: [String] = []
        for value in values {
            guard let name = value.string, ActionName.isName(name) else {
                throw refusal(member, "has to be a list of names, each made of \(ActionName.rule).")
            }
            guard !names.contains(name) else { throw refusal(member, "names one twice.") }
            names.append(name)
        }
        return names
    }

    /// One of a closed set of words.
    func wordIfAny<Word: RawRepresentable & CaseIterable>(
        _ member: String, _: Word.Type
    ) throws(OAuthError) -> Word? where Word.RawValue == String {
        guard let text = try textIfAny(member, limit: 64) else { return nil }
        guard let word = Word(rawValue: text) else {
            throw refusal(member, "has to be one of \(Word.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return word
    }

    func integerIfAny(_ member: String, in range: ClosedRange<Int64>) throws(OAuthError) -> Int64? {
        guard let value = value(member) else { return nil }
        guard let number = value.integer, range.contains(number) else {
            throw refusal(member, "has to be a whole number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    func objectIfAny(_ member: String) throws(OAuthError) -> JSONObject? {
        guard let value = value(member) else { return nil }
        guard let object = value.object else { throw refusal(member, "has to be an object.") }
        return object
    }

    func arrayIfAny(_ member: String, limit: Int) throws(OAuthError) -> [JSON]? {
        guard let value = value(member) else { return nil }
        guard let array = value.array else { throw refusal(member, "has to be a list.") }
        guard array.count <= limit else { throw refusal(member, "is too long; send at most \(limit) entries.") }
        return array
    }

    /// Refuses members that nobody would look at, where a person is to see all that is there.
    func allowOnly(_ members: Set<String>) throws(OAuthError) {
        for (member, _) in object.members where !members.contains(member) {
            throw refusal(member, "is not known; leave it out.")
        }
    }

    func refusal(_ member: String, _ predicate: String) -> OAuthError {
        Self.refusal(name(of: member), predicate)
    }

    static func refusal(_ path: String, _ predicate: String) -> OAuthError {
        OAuthError(.invalidRequest, "\(path) \(predicate)")
    }
}
