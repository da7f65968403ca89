extension ConsentPage {
    /// The checkbox of one scope, with the tools that the scope unlocks and the scopes that it includes.
    package struct ScopeChoice: Sendable {
        /// The name of the scope, which the form returns.
        package let value: PlainText
        package let description: PlainText
        /// Whether the checkbox is preselected.
        package let isTicked: Bool
        /// The tools that the MCP server unlocks with this scope.
        package let tools: [PlainText]
        package let hasTools: Bool
        /// The scopes that this scope includes and that have no checkbox: granting this scope grants them.
        package let included: [IncludedScope]
        package let hasIncluded: Bool
        /// The descriptions of wider scopes on the page that include this scope even if its checkbox is off.
        package let isPartOf: [PlainText]
        /// Whether a wider scope on the page includes this one.
        package let isPart: Bool
        /// Whether the scope unlocks tools or includes scopes.
        package let hasReach: Bool

        package init(
            value: String, description: String, isTicked: Bool = true, tools: [String] = [],
            included: [IncludedScope] = [], isPartOf: [String] = []
        ) {
            self.value = PlainText(verbatim: value)
            self.description = ConsentPage.described(description, value)
            self.isTicked = isTicked
            self.tools = tools.map { PlainText($0) }
            hasTools = !tools.isEmpty
            self.included = included
            hasIncluded = !included.isEmpty
            self.isPartOf = isPartOf.map { PlainText($0) }
            isPart = !isPartOf.isEmpty
            hasReach = hasTools || hasIncluded
        }

        static func sample(_ value: String, _ description: String) -> ScopeChoice {
            ScopeChoice(
                value: value, description: description, tools: ["write_file", "delete_file"],
                included: [IncludedScope(value: "files:list", description: "List your files", tools: ["list_files"])],
                isPartOf: ["Do everything with your files"])
        }
    }

    /// A scope that another scope includes.
    package struct IncludedScope: Sendable {
        package let value: PlainText
        package let description: PlainText
        package let tools: [PlainText]
        package let hasTools: Bool

        package init(value: String, description: String, tools: [String] = []) {
            self.value = PlainText(verbatim: value)
            self.description = ConsentPage.described(description, value)
            self.tools = tools.map { PlainText($0) }
            hasTools = !tools.isEmpty
        }
    }

    /// The description, or the name of the scope if it has none.
    private static func described(_ description: String, _ value: String) -> PlainText {
        let shown = PlainText(description)
        return shown.isEmpty ? PlainText(verbatim: value) : shown
    }
}
