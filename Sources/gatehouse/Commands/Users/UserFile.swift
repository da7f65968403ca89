import Foundation

/// The users of a CSV file, whose first line names the columns.
///
/// Spec: RFC 4180 §2
struct UserFile {
    /// One line of the file.
    struct User: Equatable {
        let name: String
        let email: String?
        /// The identity provider at which the user takes the account; nil for a password.
        var identityProvider: String?
    }

    let users: [User]

    private static let columns = ["name", "email", "identity_provider"]

    /// The largest file, in bytes.
    private static let longest = 8 << 20

    /// Reads a file, and throws a sentence that names the first line with a problem.
    init(contentsOf path: String) throws(CommandError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandError("Cannot read \(path). Nothing was changed.")
        }
        guard data.count <= Self.longest, let text = String(validating: data, as: UTF8.self) else {
            throw CommandError("\(path) is no CSV file in UTF-8 of at most 8 MiB. Nothing was changed.")
        }
        try self.init(parsing: text)
    }

    /// Reads the text of a file.
    init(parsing text: String) throws(CommandError) {
        var records = try Self.records(text)[...]
        guard let header = records.popFirst() else { throw CommandError("The file is empty. Nothing was changed.") }
        let names = header.fields.map { $0.lowercased() }
        guard let name = names.firstIndex(of: "name"), names.allSatisfy(Self.columns.contains),
            Set(names).count == names.count
        else {
            throw CommandError(
                "Line 1 must name the column 'name', optionally 'email' and 'identity_provider', and no others. Nothing was "
                    + "changed.")
        }
        var found: [User] = []
        var seen: Set<String> = []
        for record in records {
            guard record.fields.count == names.count else {
                throw Self.problem(record.line, "has \(record.fields.count) fields, not \(names.count)")
            }
            func field(_ column: String) -> String? {
                names.firstIndex(of: column).map { record.fields[$0] }.flatMap { $0.isEmpty ? nil : $0 }
            }
            let user = User(
                name: record.fields[name], email: field("email"), identityProvider: field("identity_provider"))
            guard !user.name.isEmpty else { throw Self.problem(record.line, "has no name") }
            guard seen.insert(user.name.lowercased()).inserted else {
                throw Self.problem(record.line, "repeats the name '\(user.name)'")
            }
            found.append(user)
        }
        users = found
    }

    private static func problem(_ line: Int, _ text: String) -> CommandError {
        CommandError("Line \(line) \(text). Nothing was changed.")
    }

    private struct Record {
        let line: Int
        var fields: [String]
    }

    /// The records of the text. Quotes enclose a field that contains commas, quotes (doubled) or line breaks.
    private static func records(_ text: String) throws(CommandError) -> [Record] {
        var records: [Record] = []
        var record = Record(line: 1, fields: [])
        var (field, line, isQuoted, wasQuoted) = ("", 1, false, false)
        func ended(_ field: String, _ wasQuoted: Bool) -> String {
            wasQuoted ? field : field.trimmingCharacters(in: .whitespaces)
        }
        // A byte order mark is what spreadsheets write first.
        var rest = Array(text.hasPrefix("\u{FEFF}") ? text.dropFirst() : text[...])[...]
        while let character = rest.popFirst() {
            switch character {
            case "\"" where isQuoted && rest.first == "\"":
                field.append("\"")
                rest.removeFirst()
            case "\"" where isQuoted: isQuoted = false
            case "\"" where field.trimmingCharacters(in: .whitespaces).isEmpty && !wasQuoted:
                (field, isQuoted, wasQuoted) = ("", true, true)
            case _ where isQuoted:
                field.append(character)
                if character.isNewline { line += 1 }
            case ",":
                record.fields.append(ended(field, wasQuoted))
                (field, wasQuoted) = ("", false)
            case _ where character.isNewline:
                record.fields.append(ended(field, wasQuoted))
                if record.fields != [""] { records.append(record) }
                line += 1
                (field, wasQuoted, record) = ("", false, Record(line: line, fields: []))
            case _ where wasQuoted && !character.isWhitespace, "\"":
                throw problem(line, "has a quote inside a field")
            case _ where wasQuoted: break
            default: field.append(character)
            }
        }
        guard !isQuoted else { throw problem(record.line, "has a quote that nothing closes") }
        record.fields.append(ended(field, wasQuoted))
        if record.fields != [""] { records.append(record) }
        return records
    }
}
