extension ConsentPage {
    /// One box that can be unticked, with what ticking it unlocks and brings along.
    package struct ScopeChoice: Sendable {
        package let value: PlainText
        package let description: PlainText
        package let isTicked: Bool
        package let tools: [PlainText]
        package let hasTools: Bool
        /// What comes with it and has no box beneath it: who allows the wider thing allows that too.
        package let included: [IncludedScope]
        package let hasIncluded: Bool
        /// What the wider choices on the page are called that bring it along even if it is unticked.
        package let isPartOf: [PlainText]
        package let isPart: Bool
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

    /// One thing that comes with another.
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

    private static func described(_ description: String, _ value: String) -> PlainText {
        let shown = PlainText(description)
        return shown.isEmpty ? PlainText(verbatim: value) : shown
    }
}
