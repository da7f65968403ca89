import Foundation
import JOSE
import Outbound
import TestSupport
import Testing

@testable import demo

@Suite("gatehouse call: the links of a tool")
struct CallLinkTests {
    private static let eras = [[], ["--version", "2025-11-25"]]
    private static let question = "Open this link in your browser? [y/N]"

    private func visitor() -> Person {
        Person(
            name: "ada", password: Scene.password, client: OperatorClient(roots: .system, patience: 30, connections: 8))
    }

    private func start(_ more: [String], typed: String?, in scene: Scene) throws -> BrowsingCall {
        let call = [scene.server, "delete_file", #"{"name": "welcome.txt"}"#, "--scope", "files:read files:write"]
        return try BrowsingCall.start(call + more, typed: typed, on: scene.stage)
    }

    private func states(in scene: Scene) async throws -> [String] {
        try await scene.gatehouse.json(["elicitations", "list"]).array?.compactMap { $0.object?["status"]?.string }
            ?? []
    }

    @Test(arguments: eras) func `on a terminal, a link of a tool is opened after a yes`(era: [String]) async throws {
        try await Scene.play { scene in
            let call = try start(era, typed: "y\n", in: scene)
            let visitor = visitor()
            _ = try await visitor.approve(call.link(0))
            let page = try await visitor.answer(call.link(1), "approve")
            #expect(page.status == 200)
            #expect(try await call.process.end() == 0)
            #expect(try scene.stage.log("call") == "Deleted welcome.txt.\n")
            #expect(try call.log().components(separatedBy: Self.question).count == 2, "the sign-in needs no question")
        }
    }

    @Test(arguments: eras, ["\n", "n\n", "yess\n"])
    func `on a terminal, any other answer opens nothing, and the tool is told that its user declines`(
        era: [String], typed: String
    ) async throws {
        try await Scene.play { scene in
            let call = try start(era, typed: typed, in: scene)
            _ = try await visitor().approve(call.link(0))
            #expect(try await call.process.end() == 1)
            let log = try call.log()
            #expect(log.contains(Self.question) && log.contains("The tool reports a failure."), "\(log)")
            #expect(call.opened().count == 1, "the sign-in alone")
            #expect(try await states(in: scene) == ["cancelled"])
        }
    }

    @Test(arguments: eras) func `without a terminal, a link of a tool is printed and not opened`(era: [String])
        async throws
    {
        try await Scene.play { scene in
            let call = try start(era, typed: nil, in: scene)
            let visitor = visitor()
            _ = try await visitor.approve(call.link(0))
            var links: [String] = []
            await eventually {
                links = try call.log().split(separator: "\n").filter { $0.hasPrefix("  http") }.map {
                    String($0.dropFirst(2))
                }
                return links.count == 2 || !call.process.isRunning
            }
            _ = try await visitor.answer(#require(links.last), "approve")
            #expect(try await call.process.end() == 0)
            #expect(call.opened() == [links[0]])
            #expect(try !call.log().contains(Self.question))
        }
    }

    @Test func `--yes opens the link of a tool without a question, and --print-links opens nothing`() async throws {
        try await Scene.play { scene in
            let call = try start(["--yes"], typed: nil, in: scene)
            let visitor = visitor()
            _ = try await visitor.approve(call.link(0))
            _ = try await visitor.answer(call.link(1), "approve")
            #expect(try await call.process.end() == 0)
            let both = try await scene.gatehouse.command(["call", scene.server, "list_files", "--yes", "--print-links"])
            #expect(both.status == 2 && both.errors.contains("--print-links and --yes cannot be combined."))
        }
    }
}
