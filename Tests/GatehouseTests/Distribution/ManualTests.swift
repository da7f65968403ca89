import ArgumentParser
import Foundation
import JOSE
import TestSupport
import Testing

@testable import gatehouse

@Suite("Manual pages and the list of packages")
struct ManualTests {
    private func run(
        _ stage: Stage, _ script: String, _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> String {
        let name = "python-\(UInt32.random(in: .min ... .max))"
        let child = try ChildProcess(
            "/usr/bin/env", ["python3", "-B", "\(Workspace.root)/Sources/Packaging/\(script)"] + arguments,
            environment: environment, output: stage.logFile(name), errors: stage.logFile(name + "-errors"))
        stage.adopt(child)
        #expect(try await child.end() == 0)
        #expect(try stage.log(name + "-errors") == "")
        return try stage.log(name)
    }

    @Test func `Each command has a page, with the date of the sources and the same bytes each time`() async throws {
        try await Stage.play { stage in
            for folder in ["one", "two"] {
                _ = try await run(
                    stage, "manual.py", [Workspace.program("gatehouse"), stage.path(folder)],
                    environment: ["SOURCE_DATE_EPOCH": "1700000000"])
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: stage.path("one")).sorted()
            let commands = GatehouseCommand.configuration.subcommands.compactMap { $0.configuration.commandName }
            #expect(Set(names) == Set(["gatehouse.1.gz"] + commands.map { "gatehouse-\($0).1.gz" }))
            for name in names {
                let page = FileManager.default.contents(atPath: stage.path("one/\(name)"))
                #expect(page == FileManager.default.contents(atPath: stage.path("two/\(name)")), "\(name)")
            }
            let unpacked = try ChildProcess(
                "/usr/bin/env", ["gzip", "-dc", stage.path("one/gatehouse-users.1.gz")],
                output: stage.logFile("page"), errors: stage.logFile("page-errors"))
            stage.adopt(unpacked)
            #expect(try await unpacked.end() == 0)
            let page = try stage.log("page")
            #expect(page.hasPrefix(#".TH GATEHOUSE\-USERS 1 "2023-11-14" "gatehouse \#(BuildVersion.current.number)""#))
            #expect(page.contains(#"\fBgatehouse users add\fR \fINAME\fR"#))
            #expect(page.contains(#"\fB\-\-password\-stdin\fR"#) && page.contains(".SH COMMON OPTIONS"))
        }
    }

    @Test func `The list of packages has each package with version, revision and license`() async throws {
        try await Stage.play { stage in
            let resolved = """
                {"version": 3, "pins": [{"identity": "yams", "kind": "remoteSourceControl",
                "location": "https://github.com/jpsim/Yams.git", "state": {"revision": "abc", "version": "6.2.2"}}]}
                """
            try FileManager.default.createDirectory(
                atPath: stage.path("checkouts/Yams"), withIntermediateDirectories: true)
            _ = try stage.write(resolved, to: "Package.resolved")
            _ = try stage.write(
                "The MIT License\nPermission is hereby granted, free of charge, …", to: "checkouts/Yams/LICENSE")
            let text = try await run(
                stage, "sbom.py",
                [Workspace.program("gatehouse"), stage.path("Package.resolved"), stage.path("checkouts")])
            let list = try #require(try JSON.parse(Array(text.utf8)).object)
            #expect(list["bomFormat"]?.string == "CycloneDX")
            let program = list["metadata"]?.object?["component"]?.object
            #expect(program?["version"]?.string == "\(BuildVersion.current)")
            let parts = list["components"]?.array?.compactMap(\.object) ?? []
            #expect(parts.map { $0["name"]?.string } == ["swift", "yams"])
            let yams = try #require(parts.last)
            #expect(yams["version"]?.string == "6.2.2")
            #expect(yams["purl"]?.string == "pkg:swift/github.com/jpsim/Yams@6.2.2")
            let license = yams["licenses"]?.array?.first?.object?["license"]?.object?["id"]
            #expect(license?.string == "MIT")
        }
    }
}
