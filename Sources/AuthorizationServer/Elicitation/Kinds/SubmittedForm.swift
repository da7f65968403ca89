import OAuth

/// What a person filled into the fields of an MCP server and what is wrong with it, for the page that shows it again. Never
/// printed.
package struct SubmittedForm: Sendable, RedactedCredential {
    /// What the page says about the whole.
    package enum Notice: Hashable, Sendable {
        /// Some fields are wrong.
        case fields
        /// A value was the person's own password.
        case ownPassword
        /// Nothing could be checked; the seconds to wait.
        case wait(Int64)
    }

    /// What was sent for each field.
    package var typed: [[String]]
    /// One sentence for each field that is wrong, by its place.
    package var problems: [Int: String]
    package var notice: Notice

    /// The name of a field in the form: one of ours, so that no MCP server has a browser fill in what it kept for a name.
    package static func name(_ place: Int) -> String { "f\(place)" }

    static func typed(in form: Parameters, for schema: RequestedSchema) -> [[String]] {
        schema.fields.indices.map { form.values(name($0)) }
    }
}

extension RequestedSchema {
    /// Checks what was sent for each field.
    func read(_ typed: [[String]]) -> Reading {
        let meant = zip(fields, typed).map { $0.meant($1) }
        let reading = read { meant[$0] ?? [] }
        let foreign = meant.indices.filter { meant[$0] == nil }
        guard !foreign.isEmpty else { return reading }
        var problems: [Int: String] = [:]
        if case .problems(let others) = reading { problems = others }
        for place in foreign { problems[place] = "Choose only the values on the list." }
        return .problems(problems)
    }
}

extension SchemaField {
    /// What was sent, in the schema's words: a page names options by their place. Nil if there is no such place.
    fileprivate func meant(_ sent: [String]) -> [String]? {
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

    /// Whether what a person types here is a secret.
    var isPassword: Bool {
        if case .text(_, .password) = kind { true } else { false }
    }
}
