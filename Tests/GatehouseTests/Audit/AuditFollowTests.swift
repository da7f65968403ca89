import Foundation
import JOSE
import TestSupport
import Testing

@Suite("audit tail --follow")
struct AuditFollowTests {
    /// A follower of a server, whose lines go on to the end of one file across its lives.
    private struct Follower {
        let stage: Stage
        let configuration: String

        var cursor: String { stage.path("cursor") }
        var copy: String { stage.path("copy.jsonl") }

        func start() throws -> ChildProcess {
            if !FileManager.default.fileExists(atPath: copy) { try Data().write(to: URL(filePath: copy)) }
            let output = try FileHandle(forWritingTo: URL(filePath: copy))
            try output.seekToEnd()
            let child = try ChildProcess(
                Workspace.program("gatehouse"),
                ["audit", "tail", "--follow", "--cursor", cursor, "--config", configuration], output: output,
                errors: stage.logFile("follower-\(UInt32.random(in: .min ... .max))"))
            stage.adopt(child)
            return child
        }

        func tear() throws {
            let file = try FileHandle(forWritingTo: URL(filePath: copy))
            try file.seekToEnd()
            try file.write(contentsOf: Data(#"{"kind":"record","cha"#.utf8))
            try file.close()
        }

        func records() throws -> [JSONObject] {
            try String(contentsOfFile: copy, encoding: .utf8).split(separator: "\n").compactMap {
                try? JSON.parse(Array($0.utf8)).object
            }
        }

        /// Whether the copy has every number up to this one.
        func isComplete(to last: Int64) -> Bool {
            guard let found = try? Set(records().compactMap { $0["sequence"]?.integer }) else { return false }
            return Set(1...last).isSubset(of: found)
        }
    }

    private static func head(_ gatehouse: RunningGatehouse) async throws -> Int64 {
        try #require(try await gatehouse.json(["audit", "verify"]).object?["records"]?.integer)
    }

    @Test func `a follower has every record although it and the server are killed, and its copy verifies`() async throws
    {
        try await Stage.play { stage in
            var gatehouse = try await RunningGatehouse.start(on: stage)
            let follower = Follower(stage: stage, configuration: stage.path("gatehouse.yaml"))
            for round in 0..<3 {
                let reader = try follower.start()
                for host in 0..<4 { _ = try await gatehouse.json(["clients", "allow", "h\(host).r\(round).example"]) }
                if round == 1 { gatehouse = try await gatehouse.restarted() }
                for host in 4..<8 { _ = try await gatehouse.json(["clients", "allow", "h\(host).r\(round).example"]) }
                if round == 2 {
                    let last = try await Self.head(gatehouse)
                    await eventually { follower.isComplete(to: last) }
                }
                reader.kill()
                _ = try await reader.end()
                // As if the kill had hit it in the middle of a line.
                if round < 2 { try follower.tear() }
            }
            #expect(follower.isComplete(to: try await Self.head(gatehouse)))
            let verdict = try await gatehouse.command(["audit", "verify", follower.copy])
            #expect(verdict.status == 0, "\(verdict.errors)")
        }
    }

    @Test func `a cursor that names an altered record is refused, and so is an unreadable cursor file`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            for host in ["a.example", "b.example"] {
                #expect(try await gatehouse("clients", "allow", host).status == 0)
            }
            let all = try await gatehouse("audit", "tail", "--cursor", gatehouse.stage.path("cursor"))
            let records = try all.output.split(separator: "\n").map { try JSON.parse(Array($0.utf8)).object ?? [:] }
            #expect(all.status == 0 && records.count >= 2 && records.allSatisfy { $0["hash"] != nil })
            #expect(try await gatehouse("audit", "tail", "--cursor", gatehouse.stage.path("cursor")).output.isEmpty)
            let first = try #require(records.first)
            let last = try #require(records.last)
            let (hash, other) = (first["hash"]?.string ?? "", last["hash"]?.string ?? "")
            let rest = try await gatehouse("audit", "tail", "--cursor", "main:1:\(hash)")
            #expect(rest.output.split(separator: "\n").count == records.count - 1)
            let wrong = try await gatehouse("audit", "tail", "--cursor", "main:1:\(other)")
            #expect(
                wrong.status == 1 && wrong.output.isEmpty && wrong.errors.contains("restored, or the trail was altered")
            )
            _ = try gatehouse.stage.write("something else\n", to: "cursor")
            let unread = try await gatehouse("audit", "tail", "--cursor", gatehouse.stage.path("cursor"))
            #expect(unread.status == 1 && unread.errors.contains("does not contain a cursor"))
        }
    }

    @Test func `a copy with a missing or an altered line does not verify`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            for host in ["a.example", "b.example", "c.example"] { _ = try await gatehouse("clients", "allow", host) }
            let lines = try await gatehouse("audit", "tail", "--cursor", gatehouse.stage.path("cursor")).output
                .split(separator: "\n")
            try #require(lines.count >= 3)
            func verify(_ lines: [Substring]) async throws -> CommandLineProgram.Run {
                let path = try gatehouse.stage.write(lines.joined(separator: "\n") + "\n", to: "copy.jsonl")
                return try await gatehouse("audit", "verify", path)
            }
            #expect(try await verify(lines).status == 0)
            #expect(try await verify(lines + lines).status == 0)
            let gap = try await verify([lines[0]] + lines[2...])
            #expect(gap.status == 1 && gap.errors.contains("record 2 is missing"))
            let path = try gatehouse.stage.write(lines[0] + "\n", to: "first.jsonl")
            func after(_ rest: ArraySlice<Substring>) async throws -> CommandLineProgram.Run {
                let next = try gatehouse.stage.write(rest.joined(separator: "\n") + "\n", to: "next.jsonl")
                return try await gatehouse("audit", "verify", path, next)
            }
            #expect(try await after(lines[1...]).status == 0)
            let rotated = try await after(lines[2...])
            #expect(rotated.status == 1 && rotated.errors.contains("record 2 is in neither"), "\(rotated.errors)")
            let altered = lines.map {
                $0.contains("b.example") ? Substring($0.replacing("b.example", with: "x.example")) : $0
            }
            let forged = try await verify(altered)
            #expect(forged.status == 1 && forged.errors.contains("was altered"), "\(forged.errors)")
        }
    }

    @Test func `audit verify of several exports names the records that are in none`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            func export(_ name: String, dropping: Bool = false) async throws -> String {
                _ = try await gatehouse("clients", "allow", "\(name).example")
                let path = gatehouse.stage.path("\(name).jsonl")
                let drop = dropping ? ["--drop-before", "2999-01-01", "--yes"] : []
                let done = try await gatehouse(["audit", "export", path] + drop)
                #expect(done.status == 0, "\(done.errors)")
                return path
            }
            let first = try await export("first", dropping: true)
            let second = try await export("second", dropping: true)
            let third = try await export("third")
            #expect(try await gatehouse("audit", "verify", first, second, third).status == 0)
            let gap = try await gatehouse("audit", "verify", first, third)
            #expect(gap.status == 1 && gap.errors.contains("are in neither"), "\(gap.errors)")
            #expect(gap.errors.contains("does not continue \(first)"))
        }
    }
}
