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

@Suite("A user who went on to a page of the MCP server starts over or declines")
struct StartingOverTests {
    /// A user who has arrived at the page of the MCP server, and the page of Gatehouse from before.
    private struct Visit {
        let asked: Asked
        let browser: TestBrowser
        let before: TestResponse
        let ticket: String
    }

    private func arrived(_ h: Harness) async throws -> Visit {
        try await h.grant([.external], hosts: ["pay.example"])
        let members: [String: JSON?] = ["kind": "external", "action": nil as JSON?, "url": "https://pay.example/cart"]
        let asked = try await Asked(h.ask(h.tokens().access, members))
        let browser = h.browser()
        let page = try await h.open(browser, asked)
        #expect(!page.text.contains("value=\"restart\""))
        let ticket = ticket(in: try await h.press(browser, asked, "approve", at: page))
        #expect(try await redeem(h, ticket).status == .ok)
        return Visit(asked: asked, browser: browser, before: page, ticket: ticket)
    }

    private func ticket(in onward: TestResponse) -> String {
        FormText.decode(queryOf: onward.continuation ?? "")["ticket"]?.first ?? ""
    }

    private func redeem(_ h: Harness, _ ticket: String) async throws -> TestResponse {
        try await h.call(.post, "/elicitations/redeem", ["ticket": .string(ticket)])
    }

    private func complete(_ h: Harness, _ asked: Asked) async throws -> TestResponse {
        try await h.call(.post, asked.path + "/complete", ["outcome": "completed"])
    }

    @Test func `starting over makes a new ticket, and the earlier arrival counts for nothing`() async throws {
        try await Harness.run { h in
            let visit = try await arrived(h)
            let page = try await h.open(visit.browser, visit.asked)
            #expect(page.element("is-there") != nil && !page.text.contains("value=\"approve\""))
            #expect(page.text.contains("value=\"restart\"") && page.text.contains("value=\"decline\""))
            let onward = try await h.press(visit.browser, visit.asked, "restart", at: page)
            let second = ticket(in: onward)
            #expect(onward.isPage("hand-off") && !second.isEmpty && second != visit.ticket)
            #expect(try await h.stored(visit.asked)?.ticketRedeemedAt == nil)
            let early = try await complete(h, visit.asked)
            #expect(early.status == .conflict && early.error == "not_redeemed")
            #expect(try await redeem(h, visit.ticket).status == .notFound)
            #expect(try await redeem(h, second).status == .ok)
            #expect(try await complete(h, visit.asked).json["status"] == "completed")
            #expect(try await h.records(.elicitationHandedOver).map(\.reason) == ["started over", nil])
        }
    }

    @Test func `a button pressed again on the page from before takes no arrival away`() async throws {
        try await Harness.run { h in
            let visit = try await arrived(h)
            let again = try await h.press(visit.browser, visit.asked, "approve", at: visit.before)
            #expect(again.status == .badRequest && again.continuation == nil)
            #expect(again.element("problem") != nil && again.text.contains("value=\"restart\""))
            #expect(try await h.stored(visit.asked)?.ticketRedeemedAt != nil)
            #expect(try await complete(h, visit.asked).json["status"] == "completed")
            let late = try await h.press(visit.browser, visit.asked, "restart", at: visit.before)
            #expect(late.continuation == nil && late.isPage("elicitation-end"))
        }
    }

    @Test func `a decline ends it although the user is there, and a later report changes nothing`() async throws {
        try await Harness.run { h in
            let visit = try await arrived(h)
            let page = try await h.open(visit.browser, visit.asked)
            let end = try await h.press(visit.browser, visit.asked, "decline", at: page)
            #expect(end.status == .ok && end.text.contains("Declined"))
            let late = try await complete(h, visit.asked)
            #expect(late.status == .conflict && late.json["status"] == "declined")
            #expect(try await h.stored(visit.asked)?.status == .declined)
            #expect(try await h.records(.elicitationCompleted).isEmpty)
        }
    }

    @Test func `nobody else starts over, and no other kind can`() async throws {
        try await Harness.run { h in
            let visit = try await arrived(h)
            let page = try await h.open(visit.browser, visit.asked)
            _ = try await h.addUser("bob")
            let bob = h.browser()
            _ = try await h.open(bob, visit.asked, as: "bob")
            let foreign = try await h.press(bob, visit.asked, "restart", at: page)
            #expect(foreign.status == .forbidden && foreign.continuation == nil)
            #expect(try await h.stored(visit.asked)?.ticketRedeemedAt != nil)
            try await h.grant([.confirm])
            let confirm = try await Asked(h.ask(h.tokens().access))
            let answer = try await h.press(
                visit.browser, confirm, "restart", at: h.open(visit.browser, confirm))
            #expect(answer.status == .badRequest && answer.element("problem") != nil)
            #expect(try await h.stored(confirm)?.status == .opened)
        }
    }

    /// Whichever comes first, at most one ticket counts afterwards, and a report needs an arrival with it.
    @Test func `a ticket that is redeemed while its user starts over counts before or not at all`() async throws {
        try await Harness.run { h in
            let visit = try await arrived(h)
            var current = visit.ticket
            for round in 0..<12 {
                let page = try await h.open(visit.browser, visit.asked)
                let started = current
                let isThere = page.element("is-there") != nil
                async let onward = h.press(
                    visit.browser, visit.asked, isThere ? "restart" : "approve", at: page)
                async let redeemed = redeem(h, started)
                let (press, arrival) = try await (onward, redeemed)
                guard press.continuation != nil else {
                    // It was redeemed first, and a page from before takes no arrival away.
                    #expect(!isThere && arrival.status == .ok && press.status == .badRequest)
                    continue
                }
                current = ticket(in: press)
                #expect(try await redeem(h, started).status == .notFound)
                #expect(try await complete(h, visit.asked).error == "not_redeemed")
                if round.isMultiple(of: 2) { #expect(try await redeem(h, current).status == .ok) }
            }
            if try await h.stored(visit.asked)?.ticketRedeemedAt == nil {
                #expect(try await redeem(h, current).status == .ok)
            }
            #expect(try await complete(h, visit.asked).json["status"] == "completed")
            #expect(try await redeem(h, current).status == .notFound)
        }
    }
}
