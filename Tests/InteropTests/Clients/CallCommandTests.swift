import Foundation
import JOSE
import Outbound
import TestSupport
import Testing

@testable import demo

/// A run of `gatehouse call`, whose links a scripted user opens.
private struct RunningCall {
    let stage: TestSupport.Stage
    let process: ChildProcess
    private let name: String

    static func start(_ arguments: [String], on stage: TestSupport.Stage) throws -> RunningCall {
        let name = "call-\(UInt32.random(in: .min ... .max))"
        let process = try ChildProcess(
            Workspace.program("gatehouse"), ["call", "--print-links"] + arguments, output: stage.logFile(name),
            errors: stage.logFile("\(name)-errors"))
        stage.adopt(process)
        return RunningCall(stage: stage, process: process, name: name)
    }

    /// The links that it printed so far, each on a line of its own.
    func links() throws -> [String] {
        try errors().split(separator: "\n").filter { $0.hasPrefix("  http") }.map { String($0.dropFirst(2)) }
    }

    func errors() throws -> String { try stage.log("\(name)-errors") }

    /// The link at this position, once it is printed.
    func link(_ position: Int) async throws -> String {
        await eventually { try links().count > position || !process.isRunning }
        guard try links().count > position else { throw StageFailure("no link: \(try errors())") }
        return try links()[position]
    }

    func end() async throws -> (status: Int32, output: String, errors: String) {
        let status = try await process.end()
        return (status, try stage.log(name), try errors())
    }
}

@Suite("gatehouse call")
struct CallCommandTests {
    private static let eras = [[], ["--version", "2025-11-25"]]

    private func visitor() -> Person {
        Person(
            name: "ada", password: Scene.password, client: OperatorClient(roots: .system, patience: 30, connections: 8))
    }

    @Test(arguments: eras)
    func `a tool is called after a sign-in, in either era`(era: [String]) async throws {
        try await Scene.play { scene in
            let call = try RunningCall.start([scene.server, "list_files"] + era, on: scene.stage)
            let consent = try await visitor().approve(call.link(0))
            #expect(consent.scopes == ["files:read"] && consent.html.contains("gatehouse call"))
            let ended = try await call.end()
            #expect(ended.status == 0 && ended.output.contains("welcome.txt"), "\(ended)")
            let sessions = try await scene.sessions("--state", "active")
            #expect(sessions.count == 1)
            #expect(!ended.errors.contains("eyJ") && !ended.output.contains("eyJ"))
        }
    }

    @Test(arguments: eras)
    func `a tool of a server that the MCP SDK for Python runs is called, in either era`(era: [String]) async throws {
        try await Scene.play { scene in
            let page = try await DocumentedServer.serve("docs/delegating.md", in: scene)
            let call = try RunningCall.start([page.server, "who_am_i"] + era, on: scene.stage)
            _ = try await visitor().approve(call.link(0))
            let ended = try await call.end()
            #expect(ended.status == 0 && ended.output.contains("sub_"), "\(ended)")
        }
    }

    @Test(arguments: eras)
    func `a tool that needs a wider scope and an approval gets both from its user`(era: [String]) async throws {
        try await Scene.play { scene in
            let arguments = [scene.server, "delete_file", #"{"name": "welcome.txt"}"#] + era
            let call = try RunningCall.start(arguments, on: scene.stage)
            let visitor = visitor()
            _ = try await visitor.approve(call.link(0))
            let wider = try await visitor.approve(call.link(1))
            #expect(wider.scopes.contains("files:write"))
            let page = try await visitor.answer(call.link(2), "approve")
            #expect(page.status == 200)
            let ended = try await call.end()
            #expect(ended.status == 0 && ended.output == "Deleted welcome.txt.\n", "\(ended)")
        }
    }

    @Test(arguments: eras)
    func `a declined approval is a failure of the tool, and nothing is deleted`(era: [String]) async throws {
        try await Scene.play { scene in
            let arguments = [
                scene.server, "delete_file", #"{"name": "welcome.txt"}"#, "--scope", "files:read files:write",
            ]
            let call = try RunningCall.start(arguments + era, on: scene.stage)
            let visitor = visitor()
            _ = try await visitor.approve(call.link(0))
            _ = try await visitor.answer(call.link(1), "decline")
            let ended = try await call.end()
            #expect(ended.status == 1 && ended.errors.contains("The tool reports a failure."), "\(ended)")
        }
    }

    @Test func `an unknown tool and a wrong argument end with the words of the MCP server`() async throws {
        try await Scene.play { scene in
            let call = try RunningCall.start([scene.server, "no_such_tool"], on: scene.stage)
            _ = try await visitor().approve(call.link(0))
            let ended = try await call.end()
            #expect(ended.status == 1 && ended.output.isEmpty, "\(ended)")
            #expect(ended.errors.contains("The MCP server refused the call: "))
        }
    }

    @Test func `a refused sign-in ends with the error of the authorization server`() async throws {
        try await Scene.play { scene in
            let call = try RunningCall.start([scene.server, "list_files"], on: scene.stage)
            let address = try await call.link(0)
            let parts = try #require(URLComponents(string: address))
            let state = parts.queryItems?.first { $0.name == "state" }?.value ?? ""
            let redirect = try #require(
                URLComponents(string: parts.queryItems?.first { $0.name == "redirect_uri" }?.value ?? ""))
            let browser = LoopbackHTTP(port: redirect.port ?? 0)
            // Another program of the machine: no state, another state, and another page.
            _ = try await browser.get("/callback?code=stolen&iss=\(scene.gatehouse.issuer)")
            _ = try await browser.get("/callback?code=stolen&state=other&iss=\(scene.gatehouse.issuer)")
            #expect(try await browser.get("/?state=\(state)").status == 404)
            #expect(call.process.isRunning)
            let page = try await browser.get(
                "/callback?error=access_denied&state=\(state)&iss=\(scene.gatehouse.issuer)")
            #expect(page.status == 200 && !page.text.contains(state))
            let ended = try await call.end()
            #expect(ended.status == 1 && ended.errors.contains("ended with access_denied"), "\(ended)")
        }
    }

    @Test func `a response of another issuer is not used`() async throws {
        try await Scene.play { scene in
            let call = try RunningCall.start([scene.server, "list_files"], on: scene.stage)
            let parts = try #require(URLComponents(string: try await call.link(0)))
            let state = parts.queryItems?.first { $0.name == "state" }?.value ?? ""
            let redirect = try #require(
                URLComponents(string: parts.queryItems?.first { $0.name == "redirect_uri" }?.value ?? ""))
            let browser = LoopbackHTTP(port: redirect.port ?? 0)
            _ = try await browser.get("/callback?code=x&state=\(state)&iss=https://other.example")
            let ended = try await call.end()
            #expect(ended.status == 1 && ended.errors.contains("does not name the issuer"), "\(ended)")
        }
    }

    @Test func `wrong arguments, and URLs without an MCP server, end in one sentence`() async throws {
        try await Scene.play { scene in
            for json in ["{", "[]", "\"a\"", "{\"a\":1,\"a\":2}"] {
                let ended = try await RunningCall.start([scene.server, "list_files", json], on: scene.stage).end()
                #expect(ended.status == 2 && ended.errors.contains("must be a JSON object"), "\(json): \(ended)")
            }
            let origin = scene.server.replacing("/mcp", with: "")
            for url in [origin + "/nothing", "http://127.0.0.1:1/mcp", "files", "http://a.example/mcp"] {
                let ended = try await RunningCall.start([url, "list_files"], on: scene.stage).end()
                #expect(ended.status == 1 && ended.output.isEmpty, "\(url): \(ended)")
                #expect(ended.errors.split(separator: "\n").count == 1, "\(url): \(ended)")
            }
        }
    }
}
