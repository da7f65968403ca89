import Foundation
import JOSE
import TestSupport

/// The class of `docs/typescript.md` in a Node of its own, as an MCP server uses it.
struct TypeScriptModule: Sendable {
    private let conversation: Conversation

    /// Compiles the block of the page as it stands there, strictly, for what every runtime with `fetch` has.
    static func compiled(on stage: Stage) async throws -> String {
        let page = try Workspace.text("docs/typescript.md")
        let blocks = page.components(separatedBy: "```typescript\n").dropFirst()
            .compactMap { $0.components(separatedBy: "\n```").first }
        guard let block = blocks.first, blocks.count == 1 else { throw StageFailure("the page has to have one block") }
        let source = try stage.write(block, to: "gatehouse.ts")
        _ = try stage.write(#"{"type": "module"}"#, to: "package.json")
        let compiler = try stage.start(
            program("tsc"),
            [source, "--strict", "--target", "es2022", "--module", "es2022", "--lib", "es2022,dom"], log: "tsc")
        guard try await compiler.end() == 0 else { throw StageFailure("tsc: \(try stage.log("tsc"))") }
        return stage.path("gatehouse.js")
    }

    /// Starts Node with a compiled module. `issuer` and `resource` are those of the scene unless they are given.
    init(_ module: String, in scene: Scene, issuer: String? = nil, resource: String? = nil) throws {
        let settings: JSONObject = [
            "issuer": .string(issuer ?? scene.gatehouse.issuer), "resource": .string(resource ?? scene.server),
            "clientId": .string(scene.credentials.id), "clientSecret": .string(scene.credentials.secret),
        ]
        conversation = try Conversation(
            Self.program("node"), ["\(Workspace.root)/Tests/TypeScript/conversation.mjs"], on: scene.stage,
            environment: ["MODULE": module, "SETTINGS": JSON.object(settings).text],
            log: "node-\(UInt16.random(in: .min ... .max))")
    }

    /// Calls a method.
    func callAsFunction(_ method: String, _ arguments: JSON...) async throws -> JSON {
        try await conversation.ask(method, ["arguments": .array(arguments)])
    }

    /// Calls a method that has to throw, and returns what it said.
    func failure(_ method: String, _ arguments: JSON...) async throws -> String {
        do {
            let value = try await conversation.ask(method, ["arguments": .array(arguments)])
            throw StageFailure("\(method) returned \(value.text)")
        } catch let failure as Conversation.Failure {
            return failure.description
        }
    }

    private static func program(_ name: String) throws -> String {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let found = folders.lazy.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
        guard let found else { throw StageFailure("no \(name) on this machine: `make tools` installs it") }
        return found
    }
}
