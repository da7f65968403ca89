import Foundation
import TestSupport
import Testing
import Web

@testable import gatehouse

@Suite("gatehouse templates")
struct TemplateCommandTests {
    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return attributes[.posixPermissions] as? Int ?? 0
    }

    @Test func `export writes every built-in file so that the server's user can read it`() async throws {
        try await Stage.play { stage in
            let gatehouse = CommandLineProgram(stage: stage)
            let run = try await gatehouse("templates", "export", stage.path("pages"), "--json")
            #expect(run.status == 0 && run.output.contains(#""files":\#(TemplateFiles.builtIn.count)"#), "\(run)")
            for (name, text) in TemplateFiles.builtIn {
                #expect(try String(contentsOfFile: stage.path("pages/\(name)"), encoding: .utf8) == text)
                #expect(try mode(stage.path("pages/\(name)")) == 0o644)
            }
            #expect(try mode(stage.path("pages")) == 0o755)
        }
    }

    @Test func `export writes only the named files, and replaces none`() async throws {
        try await Stage.play { stage in
            let gatehouse = CommandLineProgram(stage: stage)
            let folder = stage.path("pages")
            let one = try await gatehouse("templates", "export", folder, "gatehouse.css")
            #expect(one.status == 0)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["gatehouse.css"])
            try Data("mine".utf8).write(to: URL(filePath: folder + "/gatehouse.css"))
            let all = try await gatehouse("templates", "export", folder)
            #expect(all.status == 1)
            #expect(all.errors.contains("\(folder)/gatehouse.css already exists. Nothing was written."))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["gatehouse.css"])
            #expect(try String(contentsOfFile: folder + "/gatehouse.css", encoding: .utf8) == "mine")
            let unknown = try await gatehouse("templates", "export", stage.path("other"), "../keys")
            #expect(unknown.status == 1 && unknown.errors.contains("There is no built-in file '../keys'"))
            #expect(!FileManager.default.fileExists(atPath: stage.path("other")))
        }
    }

    @Test func `A server serves its own stylesheet with the built-in pages, and doctor names what is its own`()
        async throws
    {
        try await Stage.play { stage in
            try FileManager.default.createDirectory(
                atPath: stage.path("pages"), withIntermediateDirectories: false)
            for (name, text) in [("gatehouse.css", "body { color: red }"), ("concent.mustache", "x")] {
                try Data(text.utf8).write(to: URL(filePath: stage.path("pages/\(name)")))
            }
            let gatehouse = try await RunningGatehouse.start(on: stage, settings: "templates: pages")
            #expect(try await gatehouse.http.get("/assets/gatehouse.css").text == "body { color: red }")
            let account = try await gatehouse.http.get("/account")
            #expect(account.status == 200 && account.text.contains("<!doctype html>"))
            let doctor = try await gatehouse.command(["doctor"]).output
            #expect(doctor.contains("No page uses the template 'concent'."))
        }
    }
}
