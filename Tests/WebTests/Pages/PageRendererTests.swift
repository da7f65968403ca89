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

    /// A folder with the files of an operator, empty at first.
    private static func folder(_ files: [String: String]) throws -> String {
        let path = FileManager.default.temporaryDirectory.appending(path: "templates-\(UUID().uuidString)").path()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        for (name, text) in files { try Data(text.utf8).write(to: URL(filePath: path + "/" + name)) }
        return path
    }

    @Test func `the built-in files are those of the folder, to the byte`() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: TestRoutes.templates)
        #expect(Set(TemplateFiles.builtIn.keys) == Set(names))
        for name in names {
            let text = try String(contentsOfFile: TestRoutes.templates + "/" + name, encoding: .utf8)
            #expect(TemplateFiles.builtIn[name] == text, "\(name)")
        }
    }

    @Test func `without a folder every page is rendered from the built-in templates`() throws {
        let renderer = try PageRenderer(templatesDirectory: nil)
        for page in Pages.all { #expect(renderer.render(page.sample).hasPrefix("<!doctype html>")) }
        #expect(renderer.unshown.isEmpty && renderer.unused.isEmpty && renderer.ownFiles == 0)
        #expect(renderer.stylesheet.text == TemplateFiles.builtIn["gatehouse.css"])
    }

    @Test func `a file of the operator replaces the built-in one of its name, and no other`() throws {
        let folder = try Self.folder([
            "finished.mustache": "{{> letterhead}}", "letterhead.mustache": "<!doctype html>OURS",
            "README": "{{{raw}}}", ".#finished.mustache": "{{{raw}}}",
        ])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (own, builtIn) = (
            try PageRenderer(templatesDirectory: folder), try PageRenderer(templatesDirectory: nil)
        )
        for page in Pages.all {
            let isOwn = page.template == "finished"
            #expect(own.render(page.sample) == (isOwn ? "<!doctype html>OURS" : builtIn.render(page.sample)))
        }
        #expect(own.stylesheet.entityTag == builtIn.stylesheet.entityTag)
        #expect(own.ownFiles == 2 && own.unused.isEmpty)
    }

    @Test func `a stylesheet of the operator alone replaces the built-in one`() throws {
        let folder = try Self.folder(["gatehouse.css": "body { color: red }"])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let renderer = try PageRenderer(templatesDirectory: folder)
        #expect(renderer.stylesheet.text == "body { color: red }")
        let builtIn = try PageRenderer(templatesDirectory: nil)
        #expect(renderer.stylesheet.entityTag != builtIn.stylesheet.entityTag)
    }

    @Test func `a template that no page uses is reported, since its name may be misspelt`() throws {
        let folder = try Self.folder(["concent.mustache": "<!doctype html>OURS"])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(try PageRenderer(templatesDirectory: folder).unused == ["concent"])
    }

    @Test func `a file of the operator that is not UTF-8 is named`() throws {
        let folder = try Self.folder([:])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data([0xFF, 0xFE]).write(to: URL(filePath: folder + "/error.mustache"))
        let error = #expect(throws: TemplateError.self) { try PageRenderer(templatesDirectory: folder) }
        #expect(error?.description.contains("error.mustache in \(folder) cannot be read as UTF-8") ?? false)
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
    func `a template, partial, parent or stylesheet that the folder lacks is the built-in one`(name: String) throws {
        let folder = try Folder()
        try folder.remove(name)
        let renderer = try PageRenderer(templatesDirectory: folder.path)
        let whole = try PageRenderer(templatesDirectory: nil)
        for page in Pages.all { #expect(renderer.render(page.sample) == whole.render(page.sample)) }
        #expect(renderer.stylesheet.text == whole.stylesheet.text)
    }

    @Test func `a partial that neither the folder nor the program has is named`() throws {
        let folder = try Folder()
        try folder.append("{{> nothing}}", to: "consent.mustache")
        let error = #expect(throws: TemplateError.self) { try PageRenderer(templatesDirectory: folder.path) }
        #expect(error?.description.contains("no template 'nothing', but the template 'consent' needs it") ?? false)
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
