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
            return end(1, "The demo could not make its folder: \(error)")
        }
        do {
            try await perform(on: bench, narrator, once: once)
            await bench.clear()
        } catch {
            let log = bench.endOfLog("gatehouse")
            await bench.clear()
            end(1, "\nThe story ends here. \(error)" + (log.isEmpty ? "" : "\n\nThe last that Gatehouse said:\n\(log)"))
        }
    }

    /// Runs the two small listeners of the client for as long as the story, or the visit after it, takes.
    private static func perform(on bench: Workbench, _ narrator: Narrator, once: Bool) async throws {
        narrator.title("Gatehouse: one token, one MCP server, one session, from first page to end")
        let stage = try await Stage(on: bench)
        let (ready, listening) = AsyncStream<Void>.makeStream()
        let website = try stage.website.application { listening.yield() }
        let door = stage.door.application { listening.yield() }
        try await withThrowingTaskGroup(of: Bool.self) { tasks in
            tasks.addTask {
                try await website.run()
                return false
            }
            tasks.addTask {
                try await door.run()
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
            // Whichever ends first ends the others: the story, a signal, or a listener that could not listen.
            defer { tasks.cancelAll() }
            let isTold = try await tasks.next() ?? false
            guard isTold || !once else {
                throw StoryFailure(expected: "to tell the story to its end", found: "it was interrupted")
            }
        }
    }

    private static func play(_ stage: Stage, _ narrator: Narrator, once: Bool) async throws {
        let story = Story(stage, narrator)
        try await story.tell()
        guard !once else {
            narrator.title("That is the whole story.")
            return
        }
        stage.door.behave(Visit(story.notebook).manners)
        narrator.title("Now you")
        narrator.fact("open", stage.door.start)
        narrator.fact("sign in as", "\(Story.person), password \(story.password)")
        narrator.detail("Control-C ends it and leaves nothing behind.")
        // Until the listeners are ended by a signal.
        try await Task.sleep(for: .seconds(86_400))
    }

    private static func end(_ status: Int32, _ sentence: String) {
        FileHandle.standardError.write(Data((sentence + "\n").utf8))
        exit(status)
    }
}
