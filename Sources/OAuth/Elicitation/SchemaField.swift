import JOSE

/// One field of a form.
package struct SchemaField: Hashable, Sendable {
    /// A value that can be chosen, with its label.
    package struct Option: Hashable, Sendable {
        /// The value in the result.
        package let value: String
        /// The label on the page.
        package let title: String
    }

    /// The format of a text.
    package enum Format: String, Hashable, Sendable {
        case email, uri, date
        case dateTime = "date-time"
        /// Hidden while it is typed.
        case password
    }

    /// The type of a field.
    package enum Kind: Hashable, Sendable {
        /// A text with a length in Unicode scalars.
        case text(length: ClosedRange<Int>, format: Format?)
        /// A number within these bounds, whole if `isWhole`.
        case number(isWhole: Bool, minimum: Double?, maximum: Double?)
        /// A checkbox.
        case flag
        /// One of these options.
        case choice([Option])
        /// Some of these options, as many as `count` allows.
        case choices([Option], count: ClosedRange<Int>)
    }

    static let longestValue = 10_000
    private static let mostOptions = 100

    /// The name of the field in the result.
    package let name: String
    /// The label of the field on the page.
    package let title: String
    /// The explanation below the label, if the schema has one.
    package let description: String?
    /// Whether the form needs a value.
    package let isRequired: Bool
    /// The type, with its limits.
    package let kind: Kind
    /// The preset values; always empty for a password.
    package let preset: [String]
    /// The pattern that a text has to match; nil without one.
    package let pattern: FieldPattern?
    /// Whether an empty field stands in the result as null.
    let isNullIfEmpty: Bool

    init(name: String, isRequired: Bool, _ sent: MemberReader) throws(OAuthError) {
        let (reader, isNullable) = try NullableField.unwrapped(sent)
        self.name = name
        self.isRequired = isRequired && !isNullable
        // The schema requires the member, and null is a value for it.
        isNullIfEmpty = isRequired && isNullable
        title = try reader.textIfAny("title", limit: 100) ?? name
        description = try reader.textIfAny("description", limit: 500)
        kind = try Self.kind(reader)
        preset = try Self.preset(reader, kind)
        pattern = try Self.pattern(reader)
    }

    /// `writeOnly` says what a secret form is anyway: the values come back to nobody.
    private static let common = ["type", "title", "description", "default", "writeOnly"]

    private static func kind(_ reader: MemberReader) throws(OAuthError) -> Kind {
        switch reader.value("type")?.string {
        case "string" where reader.value("enum") != nil || reader.value("oneOf") != nil:
            try reader.allowOnly(common + ["enum", "enumNames", "oneOf"])
            return .choice(try options(reader, titled: "oneOf"))
        case "string":
            try reader.allowOnly(common + ["minLength", "maxLength", "pattern", "format"])
            return .text(
                length: try range(reader, "minLength", "maxLength", most: longestValue), format: try format(reader))
        case "number", "integer":
            try reader.allowOnly(common + ["minimum", "maximum"])
            return .number(
                isWhole: reader.value("type")?.string == "integer", minimum: try number(reader, "minimum"),
                maximum: try number(reader, "maximum"))
        case "boolean":
            try reader.allowOnly(common)
            return .flag
        case "array":
            try reader.allowOnly(common + ["items", "minItems", "maxItems"])
            let items = try MemberReader(reader.value("items"), at: reader.name(of: "items"))
            try items.allowOnly(["type", "enum", "anyOf"])
            let options = try options(items, titled: "anyOf")
            return .choices(options, count: try range(reader, "minItems", "maxItems", most: options.count))
        default: throw reader.refusal("type", "must be string, number, integer, boolean or array.")
        }
    }

    private static func options(_ reader: MemberReader, titled: String) throws(OAuthError) -> [Option] {
        var options: [Option] = []
        if let values = try reader.arrayIfAny("enum", limit: mostOptions) {
            let names = try reader.arrayIfAny("enumNames", limit: mostOptions)
            guard names == nil || names?.count == values.count else {
                throw reader.refusal("enumNames", "must have one name for each value.")
            }
            for (place, value) in values.enumerated() {
                options.append(try option(value, names?[place] ?? value, reader, "enum"))
            }
        } else {
            for value in try reader.arrayIfAny(titled, limit: mostOptions) ?? [] {
                let object = value.object
                options.append(try option(object?["const"], object?["title"] ?? object?["const"], reader, titled))
            }
        }
        guard !options.isEmpty, Set(options.map(\.value)).count == options.count else {
            throw reader.refusal("enum", "must list at least one value, each value once.")
        }
        return options
    }

    private static func option(
        _ value: JSON?, _ title: JSON?, _ reader: MemberReader, _ member: String
    ) throws(OAuthError) -> Option {
        guard let value = value?.string, let title = title?.string, (1...500).contains(value.unicodeScalars.count),
            (1...200).contains(title.unicodeScalars.count)
        else {
            throw reader.refusal(member, "must hold strings of at most 500 characters, with titles of at most 200.")
        }
        return Option(value: value, title: title)
    }

    private static func pattern(_ reader: MemberReader) throws(OAuthError) -> FieldPattern? {
        guard let value = reader.value("pattern") else { return nil }
        guard let text = value.string else { throw reader.refusal("pattern", "must be a string.") }
        do throws(PatternError) {
            return try FieldPattern(text)
        } catch {
            throw reader.refusal("pattern", error.predicate)
        }
    }

    private static func format(_ reader: MemberReader) throws(OAuthError) -> Format? {
        guard let text = try reader.textIfAny("format", limit: 100) else { return nil }
        guard let format = Format(rawValue: text) else {
            throw reader.refusal("format", "must be email, uri, date, date-time or password.")
        }
        return format
    }

    private static func range(
        _ reader: MemberReader, _ lower: String, _ upper: String, most: Int
    ) throws(OAuthError) -> ClosedRange<Int> {
        let bounds = 0...Int64(most)
        let least = try reader.integerIfAny(lower, in: bounds) ?? 0
        let most = try reader.integerIfAny(upper, in: bounds) ?? bounds.upperBound
        guard least <= most else { throw reader.refusal(lower, "must be at most \(upper).") }
        return Int(least)...Int(most)
    }

    private static func number(_ reader: MemberReader, _ member: String) throws(OAuthError) -> Double? {
        switch reader.value(member) {
        case nil: return nil
        case .integer(let number): return Double(number)
        case .number(let number): return number
        case .null, .bool, .string, .array, .object: throw reader.refusal(member, "must be a number.")
        }
    }

    private static func preset(_ reader: MemberReader, _ kind: Kind) throws(OAuthError) -> [String] {
        guard let value = reader.value("default") else { return [] }
        switch (kind, value) {
        case (.text(_, .password), _): throw reader.refusal("default", "is not allowed for a password; omit it.")
        case (.text, .string(let text)) where text.unicodeScalars.count <= longestValue: return [text]
        case (.choice(let options), .string(let text)) where options.contains { $0.value == text }: return [text]
        case (.number, .integer), (.number, .number): return [value.text]
        case (.flag, .bool(let isTicked)): return isTicked ? [flagValue] : []
        case (.choices(let options, _), .array)
        where value.strings?.allSatisfy { text in
            options.contains { $0.value == text }
        } ?? false:
            return value.strings ?? []
        default: throw reader.refusal("default", "must be a valid value of the field.")
        }
    }

    /// The value that a ticked checkbox sends.
    package static let flagValue = "yes"
}
