package import JOSE

/// Reads the members of a JSON request. An error names the member and says what it must be.
struct MemberReader {
    private let object: JSONObject
    private let path: String

    init(_ object: JSONObject, at path: String = "") {
        self.object = object
        self.path = path
    }

    /// A reader for the object at `path`.
    init(_ value: JSON?, at path: String) throws(OAuthError) {
        guard let object = value?.object else { throw Self.refusal(path, "must be an object.") }
        self.init(object, at: path)
    }

    func name(of member: String) -> String { path.isEmpty ? member : "\(path).\(member)" }

    func value(_ member: String) -> JSON? {
        guard let value = object[member], value != .null else { return nil }
        return value
    }

    /// Reads a string of at most `limit` Unicode scalars that is not blank.
    func text(_ member: String, limit: Int) throws(OAuthError) -> String {
        guard let text = try textIfAny(member, limit: limit) else { throw refusal(member, "is missing.") }
        return text
    }

    func textIfAny(_ member: String, limit: Int) throws(OAuthError) -> String? {
        guard let value = value(member) else { return nil }
        guard let text = value.string else { throw refusal(member, "must be a string.") }
        // Scalars and not characters: one Swift character can consist of a thousand code points.
        guard text.unicodeScalars.count <= limit else {
            throw refusal(member, "is too long; send at most \(limit) characters.")
        }
        if let hidden = text.unicodeScalars.first(where: Self.isHidden) {
            let code = String(hidden.value, radix: 16, uppercase: true)
            throw refusal(member, "holds the character U+\(code), which a page cannot show; omit it.")
        }
        guard !text.allSatisfy(\.isWhitespace) else { throw refusal(member, "is empty.") }
        return text
    }

    /// Pages remove or escape these characters, but the digest covers them: the user would approve what the page does
    /// not show.
    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        let visibility = Visibility(scalar)
        return visibility == .control || visibility == .hidden
    }

    /// Reads a name: the characters that action names may have.
    func nameIfAny(_ member: String) throws(OAuthError) -> String? {
        guard let text = try textIfAny(member, limit: 64) else { return nil }
        guard ActionName.isName(text) else { throw refusal(member, "must be made of \(ActionName.rule).") }
        return text
    }

    /// Reads at least one name, each at most once.
    func names(_ member: String, limit: Int) throws(OAuthError) -> [String] {
        guard let values = try arrayIfAny(member, limit: limit), !values.isEmpty else {
            throw refusal(member, "must have at least one entry.")
        }
        var names: [String] = []
        for value in values {
            guard let name = value.string, ActionName.isName(name) else {
                throw refusal(member, "must be an array of names, each made of \(ActionName.rule).")
            }
            guard !names.contains(name) else { throw refusal(member, "has an entry twice.") }
            names.append(name)
        }
        return names
    }

    /// Reads one word of an enumeration.
    func wordIfAny<Word: RawRepresentable & CaseIterable>(
        _ member: String, _: Word.Type
    ) throws(OAuthError) -> Word? where Word.RawValue == String {
        guard let text = try textIfAny(member, limit: 64) else { return nil }
        guard let word = Word(rawValue: text) else {
            throw refusal(member, "must be one of \(Word.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return word
    }

    func integerIfAny(_ member: String, in range: ClosedRange<Int64>) throws(OAuthError) -> Int64? {
        guard let value = value(member) else { return nil }
        guard let number = value.integer, range.contains(number) else {
            throw refusal(member, "must be a whole number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    /// Reads a date-time.
    func timeIfAny(_ member: String) throws(OAuthError) -> Timestamp? {
        guard let text = try textIfAny(member, limit: 40) else { return nil }
        guard let time = Timestamp(rfc3339: text) else {
            throw refusal(member, "must be a date-time such as 2026-11-21T18:00:00Z or 2026-11-21T19:00:00+01:00.")
        }
        return time
    }

    func objectIfAny(_ member: String) throws(OAuthError) -> JSONObject? {
        guard let value = value(member) else { return nil }
        guard let object = value.object else { throw refusal(member, "must be an object.") }
        return object
    }

    func arrayIfAny(_ member: String, limit: Int) throws(OAuthError) -> [JSON]? {
        guard let value = value(member) else { return nil }
        guard let array = value.array else { throw refusal(member, "must be an array.") }
        guard array.count <= limit else { throw refusal(member, "is too long; send at most \(limit) entries.") }
        return array
    }

    /// Refuses unknown members. A member that is passed over is a wish that nobody grants: a misspelled limit would not hold,
    /// and a page has to show everything that the request holds. Members in `absent` are known, and may be sent as null.
    func allowOnly(_ members: [String], absent: [String] = []) throws(OAuthError) {
        for (member, value) in object.members {
            let known = value == .null ? members + absent : members
            guard !known.contains(where: { $0.utf8.elementsEqual(member.utf8) }) else { continue }
            let nearest = NearestName.of(member, among: members) ?? ""
            throw Self.refusal(
                name(of: String(member.unicodeScalars.prefix(Self.longestName))),
                "is not known; the nearest known member is \(nearest).")
        }
    }

    /// The longest part of an unknown member's name that a refusal repeats.
    private static let longestName = 64

    func refusal(_ member: String, _ predicate: String) -> OAuthError {
        Self.refusal(name(of: member), predicate)
    }

    static func refusal(_ path: String, _ predicate: String) -> OAuthError {
        OAuthError(.invalidRequest, "\(path) \(predicate)")
    }
}

extension JSONObject {
    /// Reads the body of a request of an MCP server, which is one JSON object.
    package init(requestBody: [UInt8]) throws(OAuthError) {
        do throws(JSONError) {
            try self.init(parsing: requestBody)
        } catch {
            throw OAuthError(.invalidRequest, "Send one JSON object as the body.", reason: "\(error)")
        }
    }
}
