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

/// What an operator can switch off under a session.
enum SwitchedOff: CaseIterable, CustomTestStringConvertible, Sendable {
    case account, client, clientRecord, resource, session

    var testDescription: String { "\(self)" }

    /// Switches it off by the same verb that an administrator's command uses.
    func apply(to h: Harness) async throws {
        let now = h.clock.now
        let (user, client, resource) = (h.user.id, h.registered.id, h.resource.id)
        let sessions = try await h.sessions().map(\.id)
        try await h.gatehouse.store.write { transaction in
            switch self {
            case .account: _ = try transaction.users.setDisabled(now, user)
            case .client: try transaction.clientRules.set(ClientRule(.client(client), .block, createdAt: now))
            case .clientRecord: _ = try transaction.clients.remove(client: client, .byAdmin(at: now, .clientRemoved))
            case .resource:
                _ = try transaction.resources.remove(resource: resource, .byAdmin(at: now, .resourceRemoved))
            case .session:
                for id in sessions { _ = try transaction.sessions.end(id, .byAdmin(at: now)) }
            }
        }
    }
}

@Suite("Disabled users, blocked clients and removed MCP servers")
struct StandingTests {
    private static let operators: [SwitchedOff] = [.account, .client, .clientRecord, .resource]

    @Test(arguments: operators)
    func `between the request and the approval`(off: SwitchedOff) async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request())
            try await off.apply(to: h)
            let answer = try await h.decide(browser, at: page)
            #expect(answer.continuation == nil)
            #expect(try await h.sessions().isEmpty)
        }
    }

    @Test(arguments: SwitchedOff.allCases)
    func `between the approval and the code's redemption`(off: SwitchedOff) async throws {
        try await Harness.run { h in
            let code = try await h.code()
            try await off.apply(to: h)
            let answer = try await h.redeem(code)
            #expect(["invalid_grant", "invalid_client"].contains(answer.error))
            #expect(try await h.redeem(code).status != .ok)
        }
    }

    @Test(arguments: SwitchedOff.allCases)
    func `between one token and the next`(off: SwitchedOff) async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            #expect(try await h.introspect(tokens.access)["active"] == true)
            try await off.apply(to: h)
            #expect(["invalid_grant", "invalid_client"].contains(try await h.refresh(tokens.refresh).error))
            let asked = try await h.send(
                "/introspect", [("token", tokens.access)], basic: (h.resource.id.string, h.resourceSecret.reveal()))
            // A removed MCP server may not even ask any more.
            #expect(off == .resource ? asked.error == "invalid_client" : asked.text == #"{"active":false}"#)
        }
    }

    @Test func `an account that is enabled again keeps its live sessions`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            try await SwitchedOff.account.apply(to: h)
            #expect(try await h.refresh(tokens.refresh).error == "invalid_grant")
            try await h.gatehouse.store.write { [id = h.user.id] in _ = try $0.users.setDisabled(nil, id) }
            #expect(try await h.refresh(tokens.refresh).status == .ok)
        }
    }

    @Test func `an MCP server that is removed and added again starts from nothing`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            let code = try await h.code()
            try await SwitchedOff.resource.apply(to: h)
            let secret = ClientSecret.random()
            let again = Resource(
                identifier: h.resource.identifier, name: "Team Files", owner: "Platform team",
                scopes: h.resource.scopes,
                secretDigest: secret.digest, createdAt: h.clock.now)
            try await h.gatehouse.store.write { _ = try $0.resources.insert(again) }
            #expect(try await h.refresh(tokens.refresh).error == "invalid_grant")
            #expect(try await h.redeem(code).error == "invalid_grant")
            let asked = try await h.send(
                "/introspect", [("token", tokens.access)], basic: (again.id.string, secret.reveal()))
            #expect(asked.text == #"{"active":false}"#)
            #expect(try await h.tokens().access != "")
        }
    }

    /// How often each of the sixty-four refreshes: ten thousand tokens in all.
    private static let refreshes = 157

    @Test func `sixty-four users at once each get their own tokens, ten thousand times`() async throws {
        try await Harness.run { h in
            var people: [User] = []
            for number in 0..<64 { people.append(try await h.addUser("person\(number)")) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for user in people { group.addTask { try await Self.walk(h, as: user) } }
                try await group.waitForAll()
            }
            #expect(try await h.sessions().count == 64)
        }
    }

    /// One user's authorization, beside simultaneous ones of other users.
    private static func walk(_ h: Harness, as user: User) async throws {
        let browser = h.browser()
        let verifier = CodeVerifier.random()
        let page = try await h.authorize(browser, h.request(verifier: verifier))
        var moved = try await h.signIn(browser, at: page, as: user.name)
        // The hasher is full while everybody signs in at once.
        while moved.status == .tooManyRequests {
            h.clock.advance(by: 1)
            moved = try await h.signIn(browser, at: page, as: user.name)
        }
        let consent = try await browser.get(
            String((moved.headers[.location] ?? "").dropFirst("http://localhost".count)))
        #expect(consent.text.contains(user.name))
        let answer = try await h.decide(browser, at: consent)
        let code = FormText.decode(queryOf: answer.continuation ?? "")["code"]?.first ?? ""
        var tokens = try await h.redeem(Redeemable(code: code, verifier: verifier.reveal())).tokens
        for _ in 0..<refreshes {
            #expect(try Self.subject(in: tokens.access) == user.subject.string)
            tokens = try await h.refresh(tokens.refresh).tokens
        }
        let asked = try await h.introspect(tokens.access)
        #expect(asked["sub"]?.string == user.subject.string)
        #expect(asked["username"]?.string == user.name)
    }

    private static func subject(in token: String) throws -> String? {
        let parts = token.split(separator: ".")
        let claims = parts.count == 3 ? Base64URL.decode(String(parts[1])) : nil
        return try JSONObject(parsing: claims ?? [])["sub"]?.string
    }
}
