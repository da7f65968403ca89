import AuthorizationServer
import OAuth

extension ElicitationPage {
    /// The form fields that an MCP server requests.
    package struct SecretFields: Sendable {
        package let fields: [Field]

        package init(_ fields: [Field]) { self.fields = fields }

        static let sample = SecretFields([
            Field(
                "f0", label: "Region", explanation: "Where the account is", isRequired: true, problem: "Choose one.",
                entry: .choice([Option("f0", place: 0, label: "Europe", isChosen: true)], isMany: false))
        ])
    }

    /// One form field. Gatehouse chooses its name, so that a browser does not fill in a value that it stored for a name such as
    /// `password`.
    package struct Field: Sendable {
        /// The control with which the user fills in the field.
        package enum Entry: Sendable {
            /// A text field, with the type and input mode of HTML.
            case line(type: PlainText, mode: PlainText, value: PlainText)
            /// A checkbox.
            case tick(isOn: Bool)
            /// A choice of one or several options.
            case choice([Option], isMany: Bool)
        }

        /// The name of the field in the form, such as `f0`.
        package let fieldName: PlainText
        package let label: PlainText
        /// The description of the MCP server.
        package let explanation: PlainText?
        package let isRequired: Bool
        /// The problem of the value that the user entered.
        package let fieldProblem: PlainText?
        /// Whether the control is a text field.
        package let isLine: Bool
        /// The value of the attribute `type`.
        package let type: PlainText
        /// The value of `inputmode`, which selects the on-screen keyboard.
        package let mode: PlainText
        /// The value to show again; always empty for a password.
        package let value: PlainText
        /// The value of `autocomplete`: `off`, or `new-password`, with which browsers do not fill in a stored password.
        package let autocomplete: PlainText
        /// Whether the control is a checkbox.
        package let isTick: Bool
        /// Whether the checkbox is ticked.
        package let isOn: Bool
        /// Whether the control is a list of options.
        package let isChoice: Bool
        package let options: [Option]

        package init(
            _ name: String, label: String, explanation: String?, isRequired: Bool, problem: String?, entry: Entry
        ) {
            fieldName = PlainText(verbatim: name)
            let shown = PlainText(label, limit: 100)
            self.label = shown.isEmpty ? "(no name)" : shown
            self.explanation = explanation.map { PlainText($0, limit: 500) }
            self.isRequired = isRequired
            fieldProblem = problem.map { PlainText($0) }
            switch entry {
            case .line(let type, let mode, let value):
                (self.type, self.mode) = (type, mode)
                // A page never repeats a password.
                self.value = type == "password" ? "" : value
                (isLine, isTick, isOn, options) = (true, false, false, [])
            case .tick(let ticked):
                (type, mode, value) = ("checkbox", "", "")
                (isLine, isTick, isOn, options) = (false, true, ticked, [])
            case .choice(let offered, let isMany):
                (type, mode, value) = (isMany ? "checkbox" : "radio", "", "")
                (isLine, isTick, isOn, options) = (false, false, false, offered)
            }
            autocomplete = type == "password" ? "new-password" : "off"
            isChoice = !options.isEmpty
        }
    }

    /// One option of a choice.
    package struct Option: Sendable {
        package let fieldName: PlainText
        /// The index of the option, which the form returns in place of the MCP server's value.
        package let place: PlainText
        package let optionLabel: PlainText
        package let isChosen: Bool

        package init(_ name: String, place: Int, label: String, isChosen: Bool) {
            fieldName = PlainText(verbatim: name)
            self.place = PlainText(verbatim: String(place))
            let shown = PlainText(label, limit: 200)
            optionLabel = shown.isEmpty ? "(no name)" : shown
            self.isChosen = isChosen
        }
    }
}

extension ElicitationPage.SecretFields {
    /// The fields of a secret, with what was typed before; nil for the other kinds.
    init?(_ part: any ElicitationSection, filled: SubmittedForm?) {
        guard let schema = part as? RequestedSchema else { return nil }
        self.init(schema.fields.enumerated().map { Self.field($1, at: $0, filled: filled) })
    }

    private static func field(_ field: SchemaField, at place: Int, filled: SubmittedForm?) -> ElicitationPage.Field {
        let name = SubmittedForm.name(place)
        let (entry, isLost) = entry(field, name: name, typed: filled?.typed[place])
        return ElicitationPage.Field(
            name, label: field.title, explanation: field.description, isRequired: field.isRequired,
            problem: filled?.problems[place] ?? (isLost ? "Enter this again." : nil), entry: entry)
    }

    /// How a field is filled in. A password, and what a page could only show altered, has to be typed again.
    private static func entry(
        _ field: SchemaField, name: String, typed: [String]?
    ) -> (ElicitationPage.Field.Entry, isLost: Bool) {
        switch field.kind {
        case .flag: return (.tick(isOn: !(typed ?? field.preset).isEmpty), false)
        case .choice(let options): return (choice(options, name, typed, field.preset, isMany: false), false)
        case .choices(let options, _): return (choice(options, name, typed, field.preset, isMany: true), false)
        case .text(_, .password):
            return (.line(type: "password", mode: "text", value: ""), typed.map { !$0.isEmpty } ?? false)
        case .text(_, let format): return line(format == .date ? "date" : "text", mode(format), field, typed)
        case .number(let isWhole, _, _): return line("text", isWhole ? "numeric" : "decimal", field, typed)
        }
    }

    private static func line(
        _ type: PlainText, _ mode: PlainText, _ field: SchemaField, _ typed: [String]?
    ) -> (ElicitationPage.Field.Entry, isLost: Bool) {
        let value = (typed ?? field.preset).first ?? ""
        let shown = PlainText(value, limit: 10_000)
        guard shown.description == value else {
            return (.line(type: type, mode: mode, value: ""), typed != nil)
        }
        return (.line(type: type, mode: mode, value: shown), false)
    }

    private static func mode(_ format: SchemaField.Format?) -> PlainText {
        switch format {
        case .email: "email"
        case .uri: "url"
        case .date, .dateTime, .password, nil: "text"
        }
    }

    private static func choice(
        _ options: [SchemaField.Option], _ name: String, _ typed: [String]?, _ preset: [String], isMany: Bool
    ) -> ElicitationPage.Field.Entry {
        .choice(
            options.enumerated().map { place, option in
                ElicitationPage.Option(
                    name, place: place, label: option.title,
                    isChosen: typed.map { $0.contains(String(place)) } ?? preset.contains(option.value))
            }, isMany: isMany)
    }
}
