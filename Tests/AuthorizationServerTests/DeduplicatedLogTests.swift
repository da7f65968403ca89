import Logging
import OAuth
import ServerSupport
import Synchronization
import TestSupport
import Testing

@testable import AuthorizationServer

@Suite("The deduplicated log of refusals")
struct CountedLogTests {
    private let captured = CapturedLog()
    private let clock = TestClock()

    private func log(capacity: Int = 500) -> DeduplicatedLog {
        DeduplicatedLog(captured.logger, clock: clock.wall, capacity: capacity)
    }

    @Test func `the first line is written at once, with its reference and without a number`() {
        log().note("refused", ["status": "401", "client": nil], reference: "r-1")
        #expect(captured.lines == ["info refused reference=r-1 status=401"])
    }

    @Test func `equal lines become one line a minute with their number and references`() throws {
        let log = log()
        for second in 0..<60 {
            log.note("refused", ["status": "401"], reference: "r-\(second)")
            clock.advance(by: 1)
        }
        #expect(captured.lines.count == 1)
        log.note("refused", ["status": "401"], reference: "r-60")
        try #require(captured.lines.count == 2)
        #expect(captured.lines[1].contains("repeated=59"))
        #expect(captured.lines[1].contains("references=r-1 r-2 "))
        #expect(!captured.lines[1].contains("r-21"))
        // It goes on: what came at the end of the first minute is told at the end of the second one.
        for _ in 0..<60 {
            clock.advance(by: 1)
            log.note("refused", ["status": "401"], reference: "later")
        }
        try #require(captured.lines.count == 3)
        #expect(captured.lines[2].contains("repeated=60"))
    }

    @Test func `lines that differ in a field, the message or the level are not equal`() {
        let log = log()
        log.note("refused", ["status": "401"])
        log.note("refused", ["status": "400"])
        log.note("refused", ["route": "401"])
        log.note("turned away", ["status": "401"])
        log.note("refused", level: .warning, ["status": "401"])
        #expect(captured.lines.count == 5)
    }

    @Test func `a line that did not occur for a minute is written at once when it occurs again`() {
        let log = log()
        log.note("refused", reference: "r-1")
        clock.advance(by: 61)
        log.note("refused", reference: "r-2")
        #expect(captured.lines == ["info refused reference=r-1", "info refused reference=r-2"])
    }

    @Test func `a number is written without a further refusal, and before the server stops`() {
        let log = log()
        for _ in 0..<3 { log.note("refused") }
        log.flush()
        #expect(captured.lines.count == 1)
        clock.advance(by: 60)
        log.flush()
        #expect(captured.lines.count == 2 && captured.lines[1].contains("repeated=2"))
        log.flush()
        #expect(captured.lines.count == 2)
        log.note("refused")
        log.finish()
        #expect(captured.lines.count == 3 && captured.lines[2].contains("repeated=1"))
        log.finish()
        #expect(captured.lines.count == 3)
    }

    @Test func `beyond the capacity lines are distinguished without the fields that callers can choose`() throws {
        let log = log(capacity: 3)
        for number in 0..<10 {
            log.note("refused", ["client": "\(number)", "route": "/token"], reference: "r-\(number)")
        }
        #expect(captured.lines.count == 4)
        log.note("refused", ["client": "x", "route": "/introspect"])
        #expect(captured.lines.count == 5, "a flood of names hides no other route")
        clock.advance(by: 60)
        log.flush()
        try #require(captured.lines.count == 6)
        #expect(captured.lines[5].contains("repeated=6") && captured.lines[5].contains("route=/token"))
        #expect(captured.lines[5].contains("r-9") && !captured.lines[5].contains("client="))
    }

    @Test func `lines beyond twice the capacity are counted together in one warning`() throws {
        let log = log(capacity: 3)
        for number in 0..<10 { log.note("refused", ["route": "\(number)"], reference: "r-\(number)") }
        #expect(captured.lines.count == 6)
        clock.advance(by: 60)
        log.flush()
        try #require(captured.lines.count == 7)
        #expect(captured.lines[6].hasPrefix("warning too many different refusals"))
        #expect(captured.lines[6].contains("repeated=4") && captured.lines[6].contains("r-9"))
    }

    @Test func `a clock that steps back delays no number`() {
        let log = log()
        for _ in 0..<3 { log.note("refused") }
        clock.advance(by: -86_400)
        log.note("refused")
        #expect(captured.lines.count == 2 && captured.lines[1].contains("repeated=2"))
    }

    @Test func `a level that is not logged is not counted`() {
        let threshold = Threshold()
        let log = DeduplicatedLog(
            Logger(label: "test") { [captured] _ in TurnedHandler(threshold: threshold, base: captured.logger) },
            clock: clock.wall)
        for _ in 0..<3 { log.note("refused") }
        // The level can change while the server runs: what came before is not told afterwards.
        threshold.level.withLock { $0 = .info }
        log.finish()
        #expect(captured.lines.isEmpty)
        log.note("refused")
        #expect(captured.lines.count == 1)
    }

    private final class Threshold: Sendable {
        let level = Mutex(Logger.Level.warning)
    }

    /// Writes what the threshold lets through at that moment.
    private struct TurnedHandler: LogHandler {
        let threshold: Threshold
        let base: Logger
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level {
            get { threshold.level.withLock { $0 } }
            set { threshold.level.withLock { $0 = newValue } }
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { base.log(level: event.level, event.message, metadata: event.metadata) }
    }

    @Test func `a line names the trace id of its request`() throws {
        let trace = try #require(TraceID("0af7651916cd43dd8448eb211c80319c"))
        TraceID.$current.withValue(trace) { log().note("refused") }
        #expect(captured.lines == ["info refused trace=0af7651916cd43dd8448eb211c80319c"])
    }

    @Test(arguments: [
        ("https://a.example/cb?code=secret", "https://a.example/…"),
        (
            "not at 'https://u:pw@a.example:8443/x#y', but http://b.example",
            "not at 'https://a.example:8443/…', but http://b.example"
        ),
        ("cursor://callback?code=secret went", "cursor://callback/… went"),
        ("https://a.example", "https://a.example"), ("wrong secret", "wrong secret"),
        (String(repeating: "ä", count: 200), String(repeating: "ä", count: 150) + "…"),
    ])
    func `every value is bounded, and every URL in it is cut behind its host`(text: String, logged: String) {
        #expect(LogText.bounded(text) == logged)
    }

    @Test func `the URL of a client is logged without scheme and query`() {
        #expect(LogText.client("https://app.example/client.json?key=secret") == "app.example/client.json")
        #expect(LogText.client("quill") == "quill")
    }
}
