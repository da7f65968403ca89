import Foundation
import Testing

@testable import Web

@Suite("Templates")
struct PageRendererTests {
    /// A copy of the distribution's templates that a test may spoil.
    private final class Folder {
        let path: String

        init() throws {
            path = FileManager.default.temporaryDirectory.appending(path: "templates-\(UUID().uuidString)").path()
            try FileManager.default.copyItem(atPath: TestRoutes.templates, toPath: path)
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func append(_ text: String, to name: String) throws {
            let file = URL(filePath: path + "/" + name)
            try (String(contentsOf: file, encoding: .utf8) + text).write(to: file, atomically: true, encoding: .utf8)
        }

        func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path + "/" + name) }
    }

    @Test func `the templates of the distribution pass`() throws {
        let renderer = try PageRenderer(templatesDirectory: TestRoutes.templates)
        for page in Pages.all { #expect(renderer.render(page.sample).hasPrefix("<!doctype html>")) }
    }

    @Test(arguments: [
        "{{{title}}}", "{{&title}}", "{{& title}}", "{{ {title} }}", "{{=<% %>=}}<%title%>", "{{% CONTENT_TYPE:TEXT}}",
        "{{reversed(title)}}", "{{>*title}}", "{{#first(title)}}x{{/first(title)}}",
    ])
    func `every tag that could write unescaped is refused with the name of its file`(form: String) throws {
        let folder = try Folder()
        try folder.append(form, to: "error.mustache")
        let error = #expect(throws: TemplateError.self) { try PageRenderer(templatesDirectory: folder.path) }
        #expect(error?.description.contains("'error'") ?? false)
    }

    @Test func `a value that is a String or a function is refused`() {
        struct Loose { let title = "a" }
        struct Sharp { let title: @Sendable (String) -> String = { $0 } }
        #expect(throws: TemplateError.self) { try PageMembers(of: Wrapping(inner: Loose())) }
        #expect(throws: TemplateError.self) { try PageMembers(of: Wrapping(inner: Sharp())) }
    }

    private struct Wrapping<Inner: Sendable>: Page {
        static var template: String { "error" }
        static var sample: Self { fatalError("not shown") }
        let inner: Inner
    }

    @Test(arguments: ["consent.mustache", "page.mustache", "scope.mustache", "error.mustache", "gatehouse.css"])
    func `a missing template, partial, parent or stylesheet is named`(name: String) throws {
        let folder = try Folder()
        try folder.remove(name)
        let error = #expect(throws: TemplateError.self) { try PageRenderer(templatesDirectory: folder.path) }
        let bare = name.replacing(".mustache", with: "")
        #expect(error?.description.contains("'\(bare)' is missing") ?? false)
    }

    @Test(arguments: ["{{nonsense}}", "{{#client.nonsense}}x{{/client.nonsense}}", "{{> nothing}}"])
    func `an unknown name is refused instead of rendered as nothing`(form: String) throws {
        let folder = try Folder()
        try folder.append(form, to: "consent.mustache")
        #expect(throws: TemplateError.self) { try PageRenderer(templatesDirectory: folder.path) }
    }

    @Test(arguments: ["{{#problem}}", "{{title", "{{#a}}{{/b}}"])
    func `a template that is no Mustache is refused`(form: String) throws {
        let folder = try Folder()
        try folder.append(form, to: "error.mustache")
        #expect(throws: TemplateError.self) { try PageRenderer(templatesDirectory: folder.path) }
    }

    @Test func `a missing folder is named`() {
        let error = #expect(throws: TemplateError.self) { try PageRenderer(templatesDirectory: "/nowhere") }
        #expect(error?.description.contains("/nowhere") ?? false)
    }
}
