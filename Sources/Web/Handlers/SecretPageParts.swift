import AuthorizationServer
import OAuth

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
        default: "text"
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
