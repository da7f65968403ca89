extension ElicitationPage {
    /// The fields that a person fills in for an MCP server.
    package struct SecretFields: Sendable {
        package let fields: [Field]

        package init(_ fields: [Field]) { self.fields = fields }

        static let sample = SecretFields([
            Field(
                "f0", label: "Region", explanation: "Where the account is", isRequired: true, problem: "Choose one.",
                entry: .choice([Option("f0", place: 0, label: "Europe", isChosen: true)], isMany: false))
        ])
    }

    /// One of them. The page names it, not the MCP server, so that no browser fills in what it kept for such a name.
    package struct Field: Sendable {
        /// How it is filled in.
        package enum Entry: Sendable {
            /// A line of text, by the types and input modes of HTML.
            case line(type: PlainText, mode: PlainText, value: PlainText)
            /// A box to tick.
            case tick(isOn: Bool)
            /// One or many of these.
            case choice([Option], isMany: Bool)
        }

        package let fieldName: PlainText
        package let label: PlainText
        package let explanation: PlainText?
        package let isRequired: Bool
        /// What is wrong with it.
        package let fieldProblem: PlainText?
        package let isLine: Bool
        package let type: PlainText
        package let mode: PlainText
        package let value: PlainText
        /// What a browser may fill in by itself: nothing, and for passwords not even one that it keeps.
        package let autocomplete: PlainText
        package let isTick: Bool
        package let isOn: Bool
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
                // Whatever it was: a password is never shown again.
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

    /// What can be chosen.
    package struct Option: Sendable {
        package let fieldName: PlainText
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
