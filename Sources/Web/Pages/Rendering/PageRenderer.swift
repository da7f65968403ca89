import Foundation
import Mustache

/// Renders pages with the templates of the operator, which it reads and checks once at start.
package struct PageRenderer: Sendable {
    package let stylesheet: Stylesheet
    /// The members of pages that a template does not use, by template; empty for the templates of the distribution.
    package let unshown: [(template: String, names: [String])]
    private let library: MustacheLibrary
    private let base: PlainText

    /// Reads every `*.mustache` in the folder, refuses raw output, and renders each page's sample.
    ///
    /// `base` is the issuer's path: every link and form of a template begins with `{{base}}`.
    package init(templatesDirectory: String, base: String = "") throws(TemplateError) {
        let texts = try Self.read(templatesDirectory)
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
        stylesheet = try Stylesheet(templatesDirectory: templatesDirectory)
        var unshown: [(template: String, names: [String])] = []
        for page in Pages.all {
            let names = try Self.check(page.sample, sources, templatesDirectory)
            if !names.isEmpty { unshown.append((page.template, names)) }
        }
        self.unshown = unshown
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
    /// Returns the members that none of them uses.
    private static func check(
        _ sample: some Page, _ sources: [String: TemplateSource], _ directory: String
    ) throws(TemplateError) -> [String] {
        let members = try PageMembers(of: sample)
        var seen: Set<String> = []
        var named: Set<String> = ["base"]
        var open = [(name: type(of: sample).template, usedBy: "the page \(type(of: sample))")]
        while let (name, user) = open.popLast() {
            guard seen.insert(name).inserted else { continue }
            guard let source = sources[name] else {
                throw TemplateError(
                    "The template '\(name)' is missing in \(directory), but \(user) needs it: restore it.")
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
        return members.names.subtracting(named).sorted()
    }

    /// The text of each template by its name; throws for a file that is not UTF-8.
    private static func read(_ directory: String) throws(TemplateError) -> [String: String] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory) else {
            throw TemplateError(
                "The templates folder \(directory) cannot be read: set 'templates' to the right folder.")
        }
        var texts: [String: String] = [:]
        for file in names where file.hasSuffix(".mustache") {
            guard let data = FileManager.default.contents(atPath: directory + "/" + file),
                let text = String(validating: data, as: UTF8.self)
            else {
                throw TemplateError("The template \(file) in \(directory) cannot be read as UTF-8 text: restore it.")
            }
            texts[String(file.dropLast(".mustache".count))] = text
        }
        return texts
    }

    /// The problem that the library found, with its line.
    private static func reason(_ error: any Error) -> String {
        guard let error = error as? MustacheTemplate.ParserError else { return "its tags do not fit together" }
        return "\(error.error) in line \(error.context.lineNumber)"
    }
}
