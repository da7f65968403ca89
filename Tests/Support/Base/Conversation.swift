import Foundation
package import JOSE

/// A program that answers each JSON line with one.
package final class Conversation: Sendable {
    private let child: ChildProcess
    private let input: FileHandle
    private let answers: AsyncStream<String>

    /// Starts a script of `Tests/Python` on a stage.
    package convenience init(_ script: String, on stage: Stage, environment more: [String: String] = [:]) throws {
        var environment = ["PYTHONDONTWRITEBYTECODE": "1"].merging(more) { $1 }
        environment["TEST_CHROMIUM"] = ProcessInfo.processInfo.environment["TEST_CHROMIUM"]
        try self.init(
            Workspace.python(), [Workspace.script(script)], on: stage, environment: environment,
            log: "\(script)-\(UInt16.random(in: .min ... .max))")
    }

    /// Starts any program on a stage.
    package init(
        _ program: String, _ arguments: [String], on stage: Stage, environment: [String: String], log: String
    ) throws {
        let (input, output) = (Pipe(), Pipe())
        child = try ChildProcess(
            program, arguments, environment: environment, input: input, output: output, errors: stage.logFile(log))
        stage.adopt(child)
        self.input = input.fileHandleForWriting
        answers = Self.lines(of: output.fileHandleForReading)
    }

    /// Sends a request and waits for the answer.
    @discardableResult
    package func ask(_ verb: String, _ request: JSONObject = [:]) async throws -> JSON {
        var line = request
        line["verb"] = .string(verb)
        try input.write(contentsOf: Data(line.bytes) + Data("\n".utf8))
        var iterator = answers.makeAsyncIterator()
        guard let answer = await iterator.next() else {
            throw StageFailure("the program ended before it answered `\(verb)`")
        }
        let object = try JSONObject(
            parsing: Array(answer.utf8), limits: .init(bytes: 4 << 20, depth: 32, members: 10_000))
        if let failure = object["failure"]?.string { throw Failure(verb: verb, description: failure) }
        return object["value"] ?? .null
    }

    /// A failure that the program reported.
    package struct Failure: Error, CustomStringConvertible {
        /// The verb of the request.
        package let verb: String
        /// The program's description.
        package let description: String
    }

    /// Reads on its own thread, because reading a pipe blocks.
    private static func lines(of handle: FileHandle) -> AsyncStream<String> {
        AsyncStream { continuation in
            Thread.detachNewThread {
                var rest = Data()
                while case let data = handle.availableData, !data.isEmpty {
                    rest += data
                    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                        continuation.yield(String(decoding: rest[..<end], as: UTF8.self))
                        rest = Data(rest[rest.index(after: end)...])
                    }
                }
                try? handle.close()
                continuation.finish()
            }
        }
    }
}
