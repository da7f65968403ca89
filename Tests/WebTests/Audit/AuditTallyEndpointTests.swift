import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("A session that does the same very often")
struct AuditTallyEndpointTests {
    @Test func `two hundred refreshes in a minute are all answered, and are sixty-one records`() async throws {
        try await Harness.run { h in
            var token = try await h.tokens().refresh
            for _ in 0..<200 {
                let answer = try await h.refresh(token)
                #expect(answer.status == .ok)
                token = answer.tokens.refresh
            }
            #expect(try await h.records(.tokenRefreshed).count == 60)
            h.clock.advance(by: 60)
            #expect(try await h.refresh(token).status == .ok)
            let records = try await h.records(.tokenRefreshed)
            #expect(records.count == 62)
            #expect(records.reduce(0) { $0 + $1.count } == 201)
            #expect(try await h.gatehouse.store.read { try $0.audit.verify().defects.isEmpty })
        }
    }

    @Test func `a secret that is read again and again leaves sixty records and a number`() async throws {
        try await Harness.run { h in
            try await h.grant([.secret])
            let asked = try await Asked(h.askSecret(try await h.tokens().access))
            let browser = h.browser()
            let page = try await h.open(browser, asked)
            #expect(
                try await h.fill(browser, asked, [("f0", "sk-0123456789"), ("f1", "team")], at: page).status == .ok)
            for _ in 0..<90 {
                #expect(try await h.call(.get, "/elicitations/\(asked.id)/result").status == .ok)
            }
            #expect(try await h.records(.elicitationRead).count == 60)
            await Housekeeper(h.gatehouse, log: CapturedLog().logger).round()
            #expect(try await h.records(.elicitationRead).count == 60, "this minute still counts")
            h.clock.advance(by: 60)
            await Housekeeper(h.gatehouse, log: CapturedLog().logger).round()
            let records = try await h.records(.elicitationRead)
            #expect(records.count == 61)
            #expect(records.first?.count == 30)
            #expect(records.first?.correlation == asked.id)
        }
    }
}
