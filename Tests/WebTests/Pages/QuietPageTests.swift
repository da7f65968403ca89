import AuthorizationServer
import Dispatch
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Synchronization
import TestSupport
import Testing

@testable import Storage

@Suite("Looking at the page of an elicitation", .timeLimit(.minutes(2)))
struct QuietPageTests {
    /// Opens a page while the writer is blocked; returns nil if the response waits for the writer.
    private func glance(_ h: Harness, _ browser: TestBrowser, _ path: String) async throws -> TestResponse? {
        let (gate, isHeld) = (DispatchSemaphore(value: 0), Mark())
        let holder = Task {
            try await h.gatehouse.store.write { _ in
                isHeld.set()
                gate.wait()
            }
        }
        await eventually { isHeld.isSet }
        let isAnswered = Mark()
        let answer = Task {
            defer { isAnswered.set() }
            return try await browser.get(path)
        }
        for _ in 0..<1000 where !isAnswered.isSet { try await Task.sleep(for: .milliseconds(2)) }
        let wasAnswered = isAnswered.isSet
        gate.signal()
        try await holder.value
        let page = try await answer.value
        return wasAnswered ? page : nil
    }

    @Test func `reopening a page and opening an ended one write nothing`() async throws {
        try await Harness.run { h in
            let asked = try await Asked(h.ask(try await h.tokens().access))
            let browser = h.browser()
            let page = try await h.open(browser, asked)
            #expect(try await h.stored(asked)?.status == .opened)
            #expect(try await glance(h, browser, asked.page)?.text == page.text)
            let end = try await h.press(browser, asked, "decline", at: page)
            #expect(end.status == .ok)
            #expect(try await glance(h, browser, asked.page)?.status == .conflict)
        }
    }

    @Test func `an unreadable elicitation fails when its user opens it, with an event`()
        async throws
    {
        try await Harness.run { h in
            let asked = try await Asked(h.ask(try await h.tokens().access))
            try await h.gatehouse.store.write { _ = try $0.execute("UPDATE elicitations SET ask = '{}'") }
            #expect(try await h.call(.get, asked.path).json["status"] == "pending")
            let page = try await h.open(h.browser(), asked)
            #expect(page.status == .gone && page.isPage("elicitation-end"))
            #expect(try await h.stored(asked)?.reason == "not_readable")
            let told = try await h.call(.get, asked.path).json
            #expect(told["status"] == "failed" && told["event"]?.string != nil)
        }
    }

    @Test func `the page for another account does not wait for its audit record, so that its timing reveals nothing`()
        async throws
    {
        try await Harness.run { h in
            let asked = try await Asked(h.ask(try await h.tokens().access))
            _ = try await h.addUser("bob")
            let browser = h.browser()
            _ = try await h.open(browser, Asked(id: "x", page: "/e/nothing"), as: "bob")
            for path in [asked.page, "/e/\(ElicitationPageID.random())", asked.page] {
                #expect(try await glance(h, browser, path)?.status == .forbidden)
            }
            await eventually { try await h.records(.elicitationMisdirected).count == 1 }
            #expect(try await h.records(.elicitationMisdirected).map(\.correlation) == [asked.id])
        }
    }
}

/// Something that happened, seen from several tasks.
private final class Mark: Sendable {
    private let mark = Atomic<Bool>(false)

    var isSet: Bool { mark.load(ordering: .sequentiallyConsistent) }
    func set() { mark.store(true, ordering: .sequentiallyConsistent) }
}
