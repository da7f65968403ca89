import AuthorizationServer
import HTTPTypes
import JOSE
import OAuth
import ServerSupport
import TestSupport
import Testing

@testable import Storage

@Suite("Administration of elicitations")
struct ElicitationAdministrationTests {
    private func run(_ h: Harness, _ request: ElicitationsRequest) async throws -> AdministrationAnswer {
        try await Administration(store: h.gatehouse.store, keys: h.gatehouse.keys, clock: h.clock.wall)
            .run(.elicitations(request), by: Administrator(uid: 1000, claimed: nil))
    }

    private func list(_ h: Harness, _ status: String? = nil) async throws -> [String] {
        try await run(h, .list(ElicitationSelection(status: status))).rows.compactMap { $0["id"]?.string }
    }

    @Test func `a list by state uses the present state, whenever housekeeping runs`() async throws {
        try await Harness.run { h in
            let asked = try await Asked(h.ask(try await h.tokens().access))
            #expect(try await list(h, "pending") == [asked.id])
            h.clock.advance(by: 900)
            #expect(try await list(h, "pending").isEmpty)
            #expect(try await list(h, "expired") == [asked.id])
            #expect(try await run(h, .list(ElicitationSelection())).rows.map { $0["status"]?.string } == ["expired"])
            #expect(try await h.stored(asked)?.status == .pending, "a list changes nothing")
        }
    }

    @Test func `an elicitation after its expiry cannot be cancelled, and expires`() async throws {
        try await Harness.run { h in
            let asked = try await Asked(h.ask(try await h.tokens().access))
            h.clock.advance(by: 900)
            let error = await #expect(throws: AdministrationError.self) { try await run(h, .cancel([asked.id])) }
            #expect(error?.kind == .conflict && error?.description.contains("it is expired") == true)
            #expect(try await h.records(.elicitationCancelled).isEmpty)
            _ = try await h.gatehouse.store.write { [now = h.clock.now] in try $0.housekeep(now: now, limit: 10) }
            #expect(try await h.stored(asked)?.status == .expired)
        }
    }

    @Test func `several are cancelled at once, those that have ended are named, and one unknown id cancels none`()
        async throws
    {
        try await Harness.run { h in
            let token = try await h.tokens().access
            let (one, two, done) = (
                try await h.askAnew(token, "one"), try await h.askAnew(token, "two"), try await h.askAnew(token, "done")
            )
            _ = try await h.call(.delete, done.path)
            let unknown = ElicitationID.random().string
            let error = await #expect(throws: AdministrationError.self) {
                try await run(h, .cancel([one.id, unknown]))
            }
            #expect(error?.kind == .notFound && error?.description.contains(unknown) == true)
            #expect(try await h.stored(one)?.status == .pending)
            let answer = try await run(h, .cancel([one.id, done.id, two.id]))
            #expect(answer.rows.map { $0["id"]?.string } == [one.id, two.id])
            #expect(answer.note == "Cancelled 2 elicitations.")
            #expect(answer.warning == "Elicitation '\(done.id)' cannot be cancelled: it is cancelled.")
            #expect(try await h.stored(two)?.status == .cancelled)
            let again = await #expect(throws: AdministrationError.self) { try await run(h, .cancel([one.id, two.id])) }
            #expect(again?.kind == .conflict)
        }
    }

    @Test(arguments: ["ask = 'no JSON at all'", "client_id = 'not a client'"])
    func `an unreadable row hides no other row, is shown in part, and can be cancelled`(
        damage: String
    ) async throws {
        try await Harness.run { h in
            let token = try await h.tokens().access
            let (bad, good) = (try await h.askAnew(token, "bad"), try await h.askAnew(token, "good"))
            try await h.gatehouse.store.write { tx in
                _ = try tx.execute("UPDATE elicitations SET \(damage) WHERE id = ?1", bad.id)
            }
            #expect(try await Set(list(h)) == [bad.id, good.id])
            let shown = try await run(h, .show(bad.id))
            #expect(shown.rows.first?["status"] == "pending" && shown.rows.first?["user"] == "ada")
            #expect(shown.warning?.contains("unreadable") == true, "\(shown.warning ?? "no warning")")
            #expect(try await run(h, .show(good.id)).warning == nil)
            #expect(try await run(h, .cancel([bad.id])).rows.first?["status"] == "cancelled")
            #expect(try await list(h, "cancelled") == [bad.id])
        }
    }
}
