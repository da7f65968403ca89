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

@Suite("Rules for every kind of elicitation")
struct ElicitationKindIdentityTests {
    private func play(
        _ kind: ElicitationKind, _ test: @Sendable @escaping (Harness, Asked) async throws -> Void
    ) async throws {
        let provider = try await LoopbackProvider.start()
        try await Harness.run { h in
            try await h.providers.add(provider)
            try await h.gatehouse.store.write { [id = h.resource.id] in
                try $0.resources.set(
                    ResourcePolicy(elicitationKinds: Set(ElicitationKind.allCases), externalHosts: ["pay.example"]),
                    of: id)
            }
            let sample = Array(try Workspace.text("Tests/Elicitations/\(kind.rawValue).json").utf8)
            // The step creates a `confirm` by default.
            var members: [String: JSON?] = ["kind": .string(kind.rawValue), "action": .some(nil)]
            for (name, value) in try JSONObject(parsing: sample).members { members[name] = value }
            let asked = try await Asked(h.ask(h.tokens().access, members))
            #expect(asked.status == .created)
            try await test(h, asked)
            #expect(provider.tokenRequests.isEmpty)
        }
        try await provider.stop()
    }

    @Test(arguments: ElicitationKind.allCases)
    func `another account can neither see nor answer it`(kind: ElicitationKind) async throws {
        try await play(kind) { h, asked in
            _ = try await h.addUser("bob")
            let (ada, bob) = (h.browser(), h.browser())
            let page = try await h.open(ada, asked)
            #expect(page.status == .ok && page.text.contains("Team Files"))
            let foreign = try await h.open(bob, asked, as: "bob")
            #expect(foreign.status == .forbidden && !foreign.text.contains("Team Files"))
            for decision in ["approve", "decline"] {
                // With the token of the right user's own page.
                let answer = try await h.press(bob, asked, decision, at: page)
                #expect(answer.status == .forbidden && answer.continuation == nil)
            }
            let stored = try #require(try await h.stored(asked))
            #expect(stored.status == .opened && stored.content == nil && stored.ticketRedeemedAt == nil)
        }
    }

    @Test(arguments: ElicitationKind.allCases)
    func `a page of an earlier sign-in or without a decision decides nothing`(kind: ElicitationKind)
        async throws
    {
        try await play(kind) { h, asked in
            let first = h.browser()
            let old = try await h.open(first, asked)
            let second = h.browser()
            let page = try await h.open(second, asked)
            for decision in ["approve", "decline"] {
                let answer = try await h.press(second, asked, decision, at: old)
                #expect(answer.status == .badRequest && answer.element("problem") != nil)
            }
            for decision in ["", "yes", "Approve"] {
                let answer = try await h.press(second, asked, decision, at: page)
                #expect(answer.status == .badRequest && answer.element("problem") != nil)
            }
            #expect(try await h.stored(asked)?.status == .opened)
            #expect(try await h.press(second, asked, "decline", at: page).isPage("elicitation-end"))
            #expect(try await h.stored(asked)?.status == .declined)
        }
    }

    @Test(arguments: ElicitationKind.allCases)
    func `an expired elicitation and one of an ended session cannot be decided`(kind: ElicitationKind) async throws {
        for hasExpired in [true, false] {
            try await play(kind) { h, asked in
                let browser = h.browser()
                let page = try await h.open(browser, asked)
                if hasExpired {
                    h.clock.advance(by: 901)
                } else {
                    try await h.gatehouse.store.write { [now = h.clock.now] transaction in
                        for session in try transaction.sessions.list(limit: 10, now: now) {
                            _ = try transaction.sessions.end(session.id, .byAdmin(at: now))
                        }
                    }
                }
                let answer = try await h.press(browser, asked, "approve", at: page)
                #expect(answer.continuation == nil && answer.status == .gone)
                let stored = try #require(try await h.stored(asked))
                #expect(stored.status == (hasExpired ? .expired : .cancelled) && stored.content == nil)
            }
        }
    }
}
