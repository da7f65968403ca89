import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import StorageSupport
import TestSupport
import Testing

@Suite("The user answers on the page")
struct ElicitationPageTests {
    private func ask(_ h: Harness) async throws -> Asked {
        try await Asked(h.ask(try await h.tokens().access))
    }

    /// What is the same on the neutral page for everybody: all but the sealed address.
    private func neutral(_ page: TestResponse) -> String {
        page.text.replacing(page.input("interaction") ?? "-", with: "")
    }

    @Test func `the URL alone in a fresh browser shows the sign-in and nothing of the request`() async throws {
        try await Harness.run { h in
            let asked = try await ask(h)
            let page = try await h.browser().get(asked.page)
            #expect(page.status == .ok)
            #expect(page.text.contains("name=\"password\""))
            for word in ["Team Files", "Quill", "delete", "Approve", "Platform", "ada"] {
                #expect(!neutral(page).contains(word), "\(word)")
            }
            let unknown = try await h.browser().get("/e/\(ElicitationPageID.random())")
            #expect(neutral(unknown) == neutral(page))
            #expect(neutral(try await h.browser().get("/e/x")) == neutral(page))
            #expect(try await h.stored(asked)?.status == .pending)
            #expect(page.headers[.cacheControl] == "no-store")
        }
    }

    @Test
    func `after the sign-in the page shows the request, and the approval is committed with event and record`()
        async throws
    {
        try await Harness.run { h in
            let asked = try await ask(h)
            let browser = h.browser()
            let page = try await h.open(browser, asked)
            for word in [
                "Team Files", "https://files.example/mcp", "Platform team", "Quill Notes", "ada",
                "Approve this to go on.", "delete_folder", "Delete the folder Drafts", "/ada/Drafts",
            ] { #expect(page.text.contains(word), "\(word)") }
            #expect(try await h.stored(asked)?.status == .opened)
            let end = try await h.press(browser, asked, "approve", at: page)
            #expect(end.status == .ok)
            #expect(end.text.contains("Approved"))
            #expect(end.isPage("elicitation-end") && end.text.contains("Quill Notes"))
            let stored = try #require(try await h.stored(asked))
            #expect(stored.status == .completed)
            #expect(try await h.gatehouse.store.read { try $0.events.find(of: stored.id) } != nil)
            let record = try #require(try await h.records(.elicitationCompleted).first)
            #expect(record.actor == .person(h.user.id))
            #expect(record.initiator == .human)
            #expect(record.evidence == .witnessed)
        }
    }

    @Test func `opening the page decides nothing, and declining is final`() async throws {
        try await Harness.run { h in
            let asked = try await ask(h)
            let browser = h.browser()
            let page = try await h.open(browser, asked)
            #expect(try await browser.get(asked.page).text == page.text)
            #expect(try await h.stored(asked)?.version == 2)
            let end = try await h.press(browser, asked, "decline", at: page)
            #expect(end.text.contains("Declined"))
            let late = try await h.press(browser, asked, "approve", at: page)
            #expect(late.status == .conflict)
            #expect(late.text.contains("Already declined"))
            #expect(try await h.stored(asked)?.status == .declined)
        }
    }

    @Test func `of three accounts only the one of the request can open and submit it`()
        async throws
    {
        try await Harness.run { h in
            let asked = try await ask(h)
            let names = ["ada", "bob", "eve"]
            for name in names.dropFirst() { _ = try await h.addUser(name) }
            for _ in 1...3 {
                for name in names {
                    let browser = h.browser()
                    let page = try await h.open(browser, asked, as: name)
                    let isAsked = name == "ada"
                    #expect(page.status == (isAsked ? .ok : .forbidden))
                    #expect(page.text.contains("delete_folder") == isAsked)
                    guard !isAsked else { continue }
                    let nobody = try await browser.get("/e/\(ElicitationPageID.random())")
                    let malformed = try await browser.get("/e/nothing")
                    #expect(nobody.status == .forbidden)
                    #expect(neutral(nobody) == neutral(page))
                    #expect(neutral(malformed) == neutral(page))
                    let sent = try await h.press(browser, asked, "approve", at: page)
                    #expect(sent.status == .forbidden)
                    #expect(neutral(sent) == neutral(page))
                }
            }
            #expect(try await h.stored(asked)?.status == .opened)
            await eventually { try await h.records(.elicitationMisdirected).count == 2 }
            #expect(try await h.records(.elicitationCompleted).isEmpty)
        }
    }

    @Test func `a form after an account switch decides nothing`() async throws {
        try await Harness.run { h in
            let asked = try await ask(h)
            _ = try await h.addUser("bob")
            let ada = h.browser()
            let page = try await h.open(ada, asked)
            let bob = h.browser()
            let refused = try await h.open(bob, asked, as: "bob")
            // Bob's login in the browser that Ada was shown the page in.
            ada.cookies["gatehouse"] = bob.cookies["gatehouse"]
            #expect(try await h.press(ada, asked, "approve", at: page).status == .forbidden)
            #expect(refused.status == .forbidden)
            // The same user with a new sign-in: the page is shown again, and the old form is ignored.
            let other = h.browser()
            _ = try await h.open(other, asked)
            let again = try await h.press(other, asked, "approve", at: page)
            #expect(again.status == .badRequest)
            #expect(again.isPage("elicitation") && again.element("problem") != nil)
            #expect(try await h.stored(asked)?.status == .opened)
            let forged = try await other.post(asked.page, [("token", ""), ("decision", "approve")])
            #expect(forged.status == .badRequest)
            #expect(try await h.stored(asked)?.status == .opened)
        }
    }

    @Test func `the page for a wrong account offers to switch`() async throws {
        try await Harness.run { h in
            let asked = try await ask(h)
            _ = try await h.addUser("bob")
            let browser = h.browser()
            let refused = try await h.open(browser, asked, as: "bob")
            #expect(refused.text.contains("bob"))
            let moved = try await h.signIn(browser, at: refused)
            #expect(moved.status == .seeOther)
            #expect(moved.headers[.location] == asked.url)
            #expect(try await browser.get(asked.page).text.contains("delete_folder"))
        }
    }

    @Test func `a form from another site and an unknown decision are refused`() async throws {
        try await Harness.run { h in
            let asked = try await ask(h)
            let browser = h.browser()
            let page = try await h.open(browser, asked)
            let form = [("token", page.input("token") ?? ""), ("decision", "approve")]
            let foreign = try await browser.post(asked.page, form, headers: [.origin: "https://evil.example"])
            #expect(foreign.status == .forbidden)
            for decision in ["", "Approve", "yes", "approve "] {
                #expect(try await h.press(browser, asked, decision, at: page).status == .badRequest)
            }
            #expect(try await h.stored(asked)?.status == .opened)
        }
    }

    @Test func `of a hundred submits one decides, with one final status, one event and one record`() async throws {
        try await Harness.run { h in
            let asked = try await ask(h)
            let browser = h.browser()
            let page = try await h.open(browser, asked)
            let ends = try await withThrowingTaskGroup(of: HTTPResponse.Status.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        try await h.press(browser, asked, number.isMultiple(of: 2) ? "approve" : "decline", at: page)
                            .status
                    }
                }
                return try await group.reduce(into: [HTTPResponse.Status]()) { $0.append($1) }
            }
            #expect(ends.filter { $0 == .ok }.count == 1)
            #expect(ends.filter { $0 == .conflict }.count == 99)
            let decided = try await h.records(.elicitationCompleted) + h.records(.elicitationDeclined)
            #expect(decided.count == 1)
            #expect(try await h.stored(asked)?.version == 3)
        }
    }

    @Test func `of a simultaneous cancellation and submission one wins`() async throws {
        try await Harness.run { h in
            let token = try await h.tokens().access
            let browser = h.browser()
            for number in 1...10 {
                let asked = try await h.askAnew(token, "race_\(number)")
                let page = try await h.open(browser, asked)
                async let pressed = h.press(browser, asked, "approve", at: page)
                async let cancelled = h.call(.delete, asked.path)
                let (end, answer) = try await (pressed, cancelled)
                let status = try #require(try await h.stored(asked)).status
                #expect(answer.json["status"]?.string == status.rawValue)
                #expect(end.status == (status == .completed ? .ok : .gone))
            }
            let over = try await h.records(.elicitationCompleted) + h.records(.elicitationCancelled)
            #expect(over.count == 10)
        }
    }

    @Test func `an expired, a cancelled and a completed request show their outcome, and the database agrees`()
        async throws
    {
        try await Harness.run { h in
            let token = try await h.tokens().access
            let browser = h.browser()
            let late = try await h.askAnew(token, "late")
            let latePage = try await h.open(browser, late)
            let cancelled = try await h.askAnew(token, "cancelled")
            let cancelledPage = try await h.open(browser, cancelled)
            let done = try await h.askAnew(token, "done")
            let donePage = try await h.open(browser, done)
            _ = try await h.call(.delete, cancelled.path)
            _ = try await h.press(browser, done, "approve", at: donePage)
            h.clock.advance(by: 900)
            for (asked, page, status) in [
                (late, latePage, HTTPResponse.Status.gone), (cancelled, cancelledPage, .gone),
                (done, donePage, .conflict),
            ] {
                let sent = try await h.press(browser, asked, "decline", at: page)
                #expect(sent.status == status && sent.isPage("elicitation-end"))
                let opened = try await browser.get(asked.page)
                #expect(opened.text == sent.text)
            }
            #expect(try await h.stored(late)?.status == .expired)
            #expect(try await h.records(.elicitationExpired).count == 1)
        }
    }

    @Test func `an approval after the session's end approves nothing`() async throws {
        try await Harness.run { h in
            let asked = try await ask(h)
            let browser = h.browser()
            let page = try await h.open(browser, asked)
            let session = try #require(try await h.sessions().first)
            _ = try await h.gatehouse.store.write { [now = h.clock.now] in
                try $0.sessions.end(session.id, .byAdmin(at: now))
            }
            let end = try await h.press(browser, asked, "approve", at: page)
            #expect(end.status == .gone)
            #expect(end.isPage("elicitation-end"))
            #expect(try await h.stored(asked)?.status == .cancelled)
        }
    }
}
