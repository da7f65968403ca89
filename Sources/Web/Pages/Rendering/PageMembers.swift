/// The names that a page offers to its template, collected by reflection on its sample.
struct PageMembers {
    private(set) var names: Set<String> = ["base"]

    /// Collects the names of all members; throws for a type that a template must not use.
    init(of page: any Page) throws(TemplateError) {
        try collect(page, in: String(describing: type(of: page)))
    }

    /// Whether a template may use a name; dotted names need every part.
    func offer(_ name: String) -> Bool {
        name == "." || name.split(separator: ".").allSatisfy { names.contains(String($0)) }
    }

    private mutating func collect(_ value: Any, in owner: String) throws(TemplateError) {
        if value is PlainText || value is Bool { return }
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .struct where !(value is String):
            for (label, member) in mirror.children {
                guard let label else { continue }
                names.insert(label)
                try collect(member, in: "\(owner).\(label)")
            }
        case .optional, .collection:
            guard !mirror.children.isEmpty else {
                throw TemplateError("The sample of \(owner) is empty: fill it, so that its template can be checked.")
            }
            for child in mirror.children { try collect(child.value, in: owner) }
        default:
            throw TemplateError("\(owner) is of a type that no template may see: make it PlainText, Bool or a struct.")
        }
    }
}
