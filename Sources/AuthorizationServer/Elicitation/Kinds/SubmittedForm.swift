import OAuth

/// The values of a submitted form and what is wrong with them, for the page that shows the form again. It holds secrets
/// and is never printed.
package struct SubmittedForm: Sendable, RedactedCredential {
    /// The message above the form.
    package enum Notice: Hashable, Sendable {
        /// Some fields are wrong.
        case fields
        /// A value was the user's own password.
        case ownPassword
        /// The values could not be checked; the user has to wait for so many seconds.
        case wait(Int64)
    }

    /// The submitted values of each field.
    package var typed: [[String]]
    /// One sentence for each wrong field, by the index of the field.
    package var problems: [Int: String]
    /// The message above the form.
    package var notice: Notice

    /// The name of the field at an index. It is a name of Gatehouse's: with a name of its own choice an MCP server
    /// could make the browser fill in what it remembers for that name.
    package static func name(_ place: Int) -> String { "f\(place)" }

    static func typed(in form: Parameters, for schema: RequestedSchema) -> [[String]] {
        schema.fields.indices.map { form.values(name($0)) }
    }
}

extension RequestedSchema {
    /// Checks the submitted values of each field.
    func read(_ typed: [[String]]) -> Reading {
        let values = zip(fields, typed).map { $0.schemaValues(of: $1) }
        let reading = read { values[$0] ?? [] }
        let unknown = values.indices.filter { values[$0] == nil }
        guard !unknown.isEmpty else { return reading }
        var problems: [Int: String] = [:]
        if case .problems(let others) = reading { problems = others }
        for place in unknown { problems[place] = "Choose only the values on the list." }
        return .problems(problems)
    }
}

extension SchemaField {
    /// The submitted texts as values of the schema, where the page names options by their index. Nil for an unknown
    /// index.
    fileprivate func schemaValues(of sent: [String]) -> [String]? {
        let options: [Option]
        switch kind {
        case .choice(let offered), .choices(let offered, _): options = offered
        case .text, .number, .flag: return sent
        }
        var values: [String] = []
        for text in sent {
            guard let place = Int(text), options.indices.contains(place) else { return nil }
            values.append(options[place].value)
        }
        return values
    }

    /// Whether the field takes a password.
    var isPassword: Bool {
        if case .text(_, .password) = kind { true } else { false }
    }
}
