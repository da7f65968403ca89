import AuthorizationServer
import Foundation
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("keys rotate --now: one leaked key is out of use at once")
struct KeyReplacementTests {
    private func replace(_ h: Harness, _ purpose: String, reason: String? = nil) async throws -> String {
        try await h.administer(.keys(.replace(purpose: purpose, reason: reason))).note ?? ""
    }

    private func cost(_ h: Harness, _ purpose: String) async throws -> String {
        try await h.administer(.keys(.weigh(purpose: purpose))).note ?? ""
    }

    /// The keys as the next start finds them.
    private func reopened(_ h: Harness) throws -> KeyRing {
        try KeyRing.open(directory: h.folder + "/keys", now: h.clock.now.seconds, createIfEmpty: false)
    }

    @Test func `tokens: every access token is refused at once, even a cached one, and sessions continue`() async throws
    {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            #expect(try await h.introspect(tokens.access)["active"] == true)
            #expect(try await cost(h, "tokens").contains("1 live session"))
            #expect(try await replace(h, "tokens", reason: "found in a backup") == "The old keys ended.")
            #expect(try await h.introspect(tokens.access).text == #"{"active":false}"#)
            // It is also worthless as proof of the user and at the revocation endpoint.
            #expect(try await h.ask(tokens.access).error == "invalid_subject_token")
            _ = try await h.send("/revoke", [("token", tokens.access), ("client_id", "quill")])
            #expect(try await h.sessions().map(\.state) == [.active])
            let renewed = try await h.refresh(tokens.refresh).tokens
            #expect(try await h.introspect(renewed.access)["active"] == true)
            let record = try #require(try await h.records(.keyRotated).first)
            #expect(record.reason == "tokens, the old keys ended at once")
            #expect(record.explanation == "found in a backup")
            let kids = try await h.client.execute(uri: "/jwks", method: .get).json["keys"]?.array ?? []
            #expect(kids.count == 2)
        }
    }

    @Test func `events: a waiting event is signed again under its jti, and the trail still verifies`() async throws {
        try await Harness.run { h in
            let session = try await h.tokens()
            let notary = AuditCheckpointSigner(store: h.gatehouse.store, keys: h.gatehouse.keys, log: nil)
            _ = try await h.poll()
            _ = try await h.send("/revoke", [("token", session.access), ("client_id", "quill")])
            _ = try await notary.signAll(at: h.clock.now)
            func event() async throws -> (jti: String, kid: String) {
                let sets = try #require(try await h.poll().json["sets"]?.object?.members.first)
                let keys = h.gatehouse.keys.verification(.events, at: h.clock.now.seconds)
                let read = try JWT.verify(
                    sets.value.string ?? "", typ: "secevent+jwt", algorithms: [.es256], keys: keys)
                return (read.claims["jti"]?.string ?? "", read.kid ?? "")
            }
            let before = try await event()
            #expect(try await cost(h, "events").contains("1 waiting event"))
            _ = try await replace(h, "events")
            let after = try await event()
            #expect(after.jti == before.jti && after.kid != before.kid)
            #expect(!h.gatehouse.keys.accepts(.events, kid: before.kid, at: h.clock.now.seconds))
            // What the old key signed before stands, with where it ended; the new key signed that.
            let verified = try await h.administer(.audit(.verify)).rows.first
            #expect(verified?["verified"] == true && verified?["keys"]?.array?.count == 2)
            let end = try #require(try await h.records(AuditAction(rawValue: "audit.key_ended")).first?.reason)
            #expect(end.hasPrefix(before.kid + " main "))
            #expect(
                try await h.gatehouse.store.read { try $0.audit.checkpoints.last(of: .main) }?.checkpoint?.kid
                    == after.kid)
            // A checkpoint that the old key signs from now on does not verify.
            let stolen = try #require(try await h.gatehouse.store.read { try $0.audit.tail(limit: 1) }.first)
            let forged = try AuditCheckpoint(
                .main, sequence: stolen.sequence, hash: stolen.hash, at: h.clock.now, with: .generate())
            #expect(try await h.gatehouse.store.write { try $0.audit.checkpoints.insert(forged) })
            await #expect(throws: AdministrationError.self) { try await h.administer(.audit(.verify)) }
        }
    }

    @Test func `refresh: every session ends, each with its record, and new ones begin`() async throws {
        try await Harness.run { h in
            let tokens = try await [h.tokens(), h.tokens()]
            #expect(try await cost(h, "refresh").contains("2 live sessions of 1 user"))
            #expect(
                try await replace(h, "refresh", reason: "leaked") == "The old keys ended. Revoked 2 sessions.")
            for token in tokens {
                #expect(try await h.refresh(token.refresh).error == "invalid_grant")
                #expect(try await h.introspect(token.access)["active"] == false)
            }
            let ended = try await h.sessions()
            #expect(ended.map(\.state) == [.ended, .ended])
            #expect(ended.map(\.endReason) == [.revokedByAdmin, .revokedByAdmin])
            #expect(try await h.records(.sessionEnded).map(\.explanation) == ["leaked", "leaked"])
            let later = try await h.tokens()
            #expect(try await h.refresh(later.refresh).status == .ok)
            #expect(try reopened(h).list(at: h.clock.now.seconds).filter { $0.purpose == "refresh" }.count == 1)
        }
    }

    @Test func `refresh: a server that is killed before it has ended the sessions ends them at its next start`()
        async throws
    {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            try h.gatehouse.keys.replace(.secret(.refresh), now: h.clock.now.seconds)
            #expect(try await h.refresh(tokens.refresh).error == "invalid_grant")
            #expect(try await h.sessions().map(\.state) == [.active])
            let next = try reopened(h)
            await KeyReplacement(store: h.gatehouse.store, keys: next, log: nil).finish(at: h.clock.now)
            #expect(try await h.sessions().map(\.state) == [.ended])
            #expect(next.ended(.secret(.refresh)).isEmpty)
            // Approved afterwards, with the new key: not meant by a second look.
            await KeyReplacement(store: h.gatehouse.store, keys: h.gatehouse.keys, log: nil).finish(at: h.clock.now)
            let later = try await h.tokens()
            #expect(try await h.refresh(later.refresh).status == .ok)
        }
    }

    @Test func `code: an open code is void, its session is never active, and new codes work`() async throws {
        try await Harness.run { h in
            let grant = try await h.code()
            #expect(try await cost(h, "code").contains("1 unredeemed authorization code"))
            #expect(try await replace(h, "code") == "The old keys ended. 1 code is now invalid.")
            #expect(try await h.redeem(grant).error == "invalid_grant")
            await Housekeeper(h.gatehouse, log: CapturedLog().logger).round()
            #expect(try await h.sessions().map(\.state) == [.expired])
            #expect(try await h.tokens().scope == "files:read")
        }
    }

    @Test func `form: open pages become invalid, and their forms change nothing`() async throws {
        try await Harness.run { h in
            let (browser, other) = (h.browser(), h.browser())
            let consent = try await h.consentPage(browser, h.request())
            let signIn = try await h.authorize(other, h.request())
            #expect(try await cost(h, "form").contains("Every open page"))
            _ = try await replace(h, "form")
            let decided = try await h.decide(browser, at: consent)
            #expect(decided.continuation == nil)
            _ = try await h.signIn(other, at: signIn)
            #expect(try await h.sessions().isEmpty)
            #expect(try await h.browserLogins() == 1)
            #expect(try await h.tokens().scope == "files:read")
        }
    }

    @Test(arguments: [false, true])
    func `sealing: every sealed value opens with the new key, and the old key is erased`(isKilled: Bool) async throws {
        let provider = try await LoopbackProvider.start()
        try await Harness.run { h in
            try await h.providers.add(provider)
            let token = try await h.tokens().access
            _ = try await h.providers.connect(token, h.browser())
            // An open request to a provider, a receipt and an uncollected secret.
            let browser = h.browser()
            let asked = try await Asked(h.providers.ask(token, scope: "user"))
            let state = try await h.providers.depart(browser, asked)
            try await h.grant([.confirm, .secret, .connect])
            let secret = try await Asked(h.askSecret(token))
            let page = try await h.open(browser, secret)
            _ = try await h.fill(browser, secret, [("f0", "sk-canary-0123"), ("f1", "team")], at: page)
            let old = h.gatehouse.keys.secret(.sealing)
            let before = try await h.gatehouse.store.read { try $0.sealedValues.count() }
            #expect(before == 6)
            #expect(try await cost(h, "sealing").contains("6 sealed values are sealed with a new key"))
            let keys: KeyRing
            if isKilled {
                // Between the steps the new key exists and no value is sealed again yet; the server continues to serve.
                try h.gatehouse.keys.replace(.secret(.sealing), now: h.clock.now.seconds)
                #expect(try await h.providers.exchange(token).status == .ok)
                keys = try reopened(h)
                #expect(keys.secret(.sealing, id: old.id) != nil)
                await KeyReplacement(store: h.gatehouse.store, keys: keys, log: nil).finish(at: h.clock.now)
                try h.gatehouse.keys.forgetEnded(.secret(.sealing))
            } else {
                keys = h.gatehouse.keys
                #expect(try await replace(h, "sealing") == "The old keys are erased. Sealed 6 values again.")
            }
            let names = try await h.gatehouse.store.read { transaction in
                try SealedValue.Table.allCases.flatMap {
                    try transaction.sealedValues.list(in: $0, after: "", limit: 9)
                }
                .map { Sealing.keyID(of: $0.bytes) }
            }
            #expect(names == Array(repeating: keys.secret(.sealing).id, count: 6))
            #expect(keys.secret(.sealing, id: old.id) == nil)
            let files = try FileManager.default.contentsOfDirectory(atPath: h.folder + "/keys")
            #expect(files.filter { $0.hasPrefix("sealing-") }.count == 1)
            // Tokens, the client's secret at the provider, the proof of the open way, and the secret itself.
            #expect(
                try await h.providers.exchange(token).json["access_token"]?.string?.hasPrefix("access-canary") == true)
            #expect(try await h.providers.comeBack(browser, state: state).status == .ok)
            #expect(try await h.stored(asked)?.status == .completed)
            let collected = try await h.call(.post, secret.path + "/result", [:])
            #expect(collected.json["content"]?.object?["api_key"] == "sk-canary-0123")
        }
        try await provider.stop()
    }

    @Test func `sealing: values that cannot be opened are reported and do not keep the leaked key in use`() async throws
    {
        let provider = try await LoopbackProvider.start()
        try await Harness.run { h in
            try await h.providers.add(provider)
            let value = try #require(
                try await h.gatehouse.store.read { try $0.sealedValues.list(in: .providers, after: "", limit: 1) }.first
            )
            try await h.gatehouse.store.write {
                try $0.sealedValues.replace(value, with: value.bytes.dropLast() + [0, 0])
            }
            let said = try await replace(h, "sealing")
            #expect(said.contains("Sealed 0 values again. 1 could not be opened before either"))
            #expect(h.gatehouse.keys.ended(.secret(.sealing)).isEmpty)
        }
        try await provider.stop()
    }

    @Test func `an unknown purpose is refused with a list of the known ones`() async throws {
        try await Harness.run { h in
            for request in [KeyRequest.weigh(purpose: "all"), .replace(purpose: "all", reason: nil)] {
                let refusal = await #expect(throws: AdministrationError.self) { try await h.administer(.keys(request)) }
                #expect(
                    refusal?.description.contains("tokens, events, assertions, refresh, code, form, sealing") == true)
            }
            let records = try await h.records(.keyRotated)
            #expect(records.isEmpty)
        }
    }
}
