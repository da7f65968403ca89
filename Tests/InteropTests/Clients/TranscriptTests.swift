import Foundation
import Outbound
import TestSupport
import Testing

@testable import demo

/// The transcripts of `docs/developing.md` are what the commands print, except for what is new each time.
@Suite("Trying things: the transcripts of the documentation")
struct TranscriptTests {
    /// The transcript of a command, without the line that calls it.
    private func documented(_ command: String) throws -> String {
        let page = try Workspace.text("docs/developing.md")
        guard
            let block = page.components(separatedBy: "```\n$ \(command) ").dropFirst().first?
                .components(separatedBy: "\n```").first
        else { throw StageFailure("no transcript of \(command)") }
        return block.split(separator: "\n", omittingEmptySubsequences: false).dropFirst().joined(separator: "\n")
    }

    /// Hides what differs between two runs: ports, passwords, the folder, and what is random in links.
    private func masked(_ text: String, folder: String? = nil) -> String {
        (folder.map { text.replacing($0, with: "gatehouse-dev") } ?? text).replacing("\r\n", with: "\n")
            .replacing(/localhost:[0-9]+/, with: "localhost:PORT")
            .replacing(#/password [A-Za-z0-9_-]+ /#, with: "password SECRET ")
            .replacing(/\/authorize\?[^\n]+/, with: "/authorize?QUERY").replacing(/\/e\/[^\n]+/, with: "/e/LINK")
            .replacing(/\[y\/N\] y?\n?/, with: "[y/N]\n").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test func `gatehouse dev and gatehouse call print what stands there, with the server of the README`() async throws
    {
        try await TestSupport.Stage.play { stage in
            let port = try await LoopbackPort.free()
            let (url, folder) = ("http://localhost:\(port)/mcp", stage.path("gatehouse-dev"))
            let dev = try stage.start(
                Workspace.program("gatehouse"),
                [
                    "dev", url, "--issuer", "http://localhost:\(try await LoopbackPort.free())", "--folder", folder,
                    "--templates", "\(Workspace.root)/templates",
                ], log: "dev")
            await eventually { try !dev.isRunning || stage.log("dev").contains("Press Control-C") }
            let greeting = try stage.log("dev")
            let start = try #require(greeting.range(of: "Gatehouse for trying things"))
            let end = try #require(greeting.range(of: "begins anew."))
            let shown = String(greeting[start.lowerBound..<end.upperBound])
            #expect(try masked(shown, folder: folder) == masked(documented("gatehouse dev")))

            let password = try #require(greeting.firstMatch(of: #/password ([A-Za-z0-9_-]+) /#)).1
            try await serve(url, port, variables(in: folder), on: stage)
            await eventually { try stage.log("dev").contains("Its scopes: notes:read.") }
            let call = try BrowsingCall.start(
                [url, "delete_note", #"{"name": "groceries"}"#], typed: "y\n", on: stage)
            let person = Person(
                name: "dev", password: String(password),
                client: OperatorClient(roots: .system, patience: 30, connections: 4))
            _ = try await person.approve(call.link(0))
            _ = try await person.answer(call.link(1), "approve")
            #expect(try await call.process.end() == 0)
            // The answer was typed beforehand, so that its echo stands at the beginning.
            let said = try call.log().replacing("\r\n", with: "\n").trimmingPrefix("y\n")
            #expect(try masked(String(said) + stage.log("call")) == masked(documented("gatehouse call")))
        }
    }

    /// The variables that `gatehouse dev` wrote for the MCP server.
    private func variables(in folder: String) throws -> [String: String] {
        let lines = try String(contentsOfFile: folder + "/.env", encoding: .utf8).split(separator: "\n")
        let pairs = lines.filter { !$0.hasPrefix("#") }.map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        return Dictionary(uniqueKeysWithValues: pairs.compactMap { $0.count == 2 ? ($0[0], $0[1]) : nil })
    }

    private func serve(_ url: String, _ port: Int, _ variables: [String: String], on stage: TestSupport.Stage)
        async throws
    {
        let program = try stage.write(DocumentedServer.program("README.md"), to: "notes.py")
        let process = try stage.start(
            Workspace.python(), [program],
            environment: variables.merging(["PYTHONPATH": "\(Workspace.root)/Sources/Python"]) { $1 }, log: "notes")
        try await stage.waitUntilReady("the server of the README", process) {
            try await LoopbackHTTP(port: port).get("/.well-known/oauth-protected-resource/mcp")
        }
    }
}
