import Foundation
import Hummingbird

@main
enum Main {
    static func main() async {
        let once = !(ProcessInfo.processInfo.environment["ONCE"] ?? "").isEmpty
        let narrator = Narrator()
        let bench: Workbench
        do {
            bench = try Workbench()
        } catch {
            return end(1, "The demo could not create its folder: \(error)")
        }
        do {
            try await perform(on: bench, narrator, once: once)
            await bench.clear()
        } catch {
            let log = bench.endOfLog("gatehouse")
            await bench.clear()
            end(
                1, "\nThe demo failed. \(error)" + (log.isEmpty ? "" : "\n\nThe last lines of Gatehouse's log:\n\(log)")
            )
        }
    }

    /// Runs the client's two listeners until the story, and the visit after it, have ended.
    private static func perform(on bench: Workbench, _ narrator: Narrator, once: Bool) async throws {
        narrator.title("Gatehouse: one MCP server, one client, one session, from sign-in to revocation")
        let stage = try await Stage(on: bench)
        let (ready, listening) = AsyncStream<Void>.makeStream()
        let website = try stage.website.application { listening.yield() }
        let callback = stage.callback.application { listening.yield() }
        try await withThrowingTaskGroup(of: Bool.self) { tasks in
            tasks.addTask {
                try await website.run()
                return false
            }
            tasks.addTask {
                try await callback.run()
                return false
            }
            tasks.addTask {
                await Interruption.wait()
                return false
            }
            tasks.addTask {
                var listeners = ready.makeAsyncIterator()
                for _ in 0..<2 { await listeners.next() }
                try await play(stage, narrator, once: once)
                return true
            }
            // The first task to end ends the others: the story, a signal, or a listener without its port.
            defer { tasks.cancelAll() }
            let isFinished = try await tasks.next() ?? false
            guard isFinished || !once else {
                throw StoryFailure(expected: "the demo to run to its end", found: "it was interrupted")
            }
        }
    }

    private static func play(_ stage: Stage, _ narrator: Narrator, once: Bool) async throws {
        let story = Story(stage, narrator)
        try await story.run()
        guard !once else {
            narrator.title("The demo is complete.")
            return
        }
        stage.callback.reply(with: Visit(story.notebook).replies)
        narrator.title("Try it yourself")
        narrator.fact("open", stage.callback.start)
        narrator.fact("sign in as", "\(Story.person), password \(story.password)")
        narrator.detail("Press Control-C to stop the demo and remove its files.")
        // A signal ends the listeners and cancels this sleep.
        try await Task.sleep(for: .seconds(86_400))
    }

    private static func end(_ status: Int32, _ sentence: String) {
        FileHandle.standardError.write(Data((sentence + "\n").utf8))
        exit(status)
    }
}
