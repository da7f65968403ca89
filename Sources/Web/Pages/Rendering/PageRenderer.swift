import Mustache

/// Renders pages with the built-in templates and those of the operator, which it reads and checks once at start.
package struct PageRenderer: Sendable {
    package let stylesheet: Stylesheet
    /// The templates in the operator's folder that no page needs, such as one with a misspelt name.
    package let unused: [String]
    /// How many files of the operator's folder replace or join the built-in ones.
    package let ownFiles: Int
    /// The members of pages that a template does not use, by template; empty for the templates of the distribution.
    package let unshown: [(template: String, names: [String])]
    private let library: MustacheLibrary
    private let base: PlainText

    /// Reads the templates, refuses raw output, and renders each page's sample.
    ///
    /// Files in `templatesDirectory` replace the built-in ones of the same name. `base` is the issuer's path: every link and form
    /// of a template begins with `{{base}}`.
    package init(templatesDirectory: String?, base: String = "") throws(TemplateError) {
        let files = try TemplateFiles(folder: templatesDirectory)
        let texts = files.templates
        var sources: [String: TemplateSource] = [:]
        var library = MustacheLibrary()
        for (name, text) in texts.sorted(by: { $0.key < $1.key }) {
            sources[name] = try TemplateSource(name: name, text: text)
            do {
                try library.register(text, named: name)
            } catch {
                throw TemplateError("The template '\(name)' cannot be read as Mustache: \(Self.reason(error)).")
            }
        }
        self.library = library
        self.base = PlainText(verbatim: base)
        stylesheet = try Stylesheet(files)
        ownFiles = files.own.count
        var needed: Set<String> = []
        var unshown: [(template: String, names: [String])] = []
        for page in Pages.all {
            let names = try Self.check(page.sample, sources, seen: &needed)
            if !names.isEmpty { unshown.append((page.template, names)) }
        }
        self.unshown = unshown
        unused = texts.keys.filter { files.own.contains($0 + ".mustache") && !needed.contains($0) }.sorted()
        for page in Pages.all where render(page.sample).isEmpty {
            throw TemplateError("The template '\(page.template)' shows nothing: restore it from the distribution.")
        }
    }

    /// The HTML of a page.
    package func render(_ page: some Page) -> String {
        library.render(visible(page), withTemplate: type(of: page).template) ?? ""
    }

    /// The members of a page by name, and the base. Members that are nil are left out, because Mustache would print them.
    private func visible(_ page: some Page) -> [String: Any] {
        var visible: [String: Any] = ["base": base]
        for (label, value) in Mirror(reflecting: page).children {
            let mirror = Mirror(reflecting: value)
            visible[label ?? ""] = mirror.displayStyle == .optional ? mirror.children.first?.value : value
        }
        return visible
    }

    /// Checks the template of a page with its partials and parents: each must exist and may use only members of the page.
    /// Returns the members that none of them uses, and adds the names of the templates to `needed`.
    private static func check(
        _ sample: some Page, _ sources: [String: TemplateSource], seen needed: inout Set<String>
    ) throws(TemplateError) -> [String] {
        let members = try PageMembers(of: sample)
        var seen: Set<String> = []
        var named: Set<String> = ["base"]
        var open = [(name: type(of: sample).template, usedBy: "the page \(type(of: sample))")]
        while let (name, user) = open.popLast() {
            guard seen.insert(name).inserted else { continue }
            guard let source = sources[name] else {
                throw TemplateError("There is no template '\(name)', but \(user) needs it: add it or correct the name.")
            }
            for tag in source.tags {
                switch tag.kind {
                case .part:
                    open.append((tag.name, "the template '\(name)'"))
                case .value where !members.offer(tag.name):
                    throw TemplateError(
                        "The template '\(name)' names {{\(tag.name)}}, which \(type(of: sample)) does not have: remove it."
                    )
                case .value:
                    named.formUnion(tag.name.split(separator: ".").map(String.init))
                }
            }
        }
        needed.formUnion(seen)
        return members.names.subtracting(named).sorted()
    }

    /// The problem that the library found, with its line.
    private static func reason(_ error: any Error) -> String {
        guard let error = error as? MustacheTemplate.ParserError else { return "its tags do not fit together" }
        return "\(error.error) in line \(error.context.lineNumber)"
    }
}
