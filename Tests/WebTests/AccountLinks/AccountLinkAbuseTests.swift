import AuthorizationServer
import Dispatch
import Foundation
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import Synchronization
import TestSupport
import Testing

@testable import Web

@Suite("Abuse of one-time links", .timeLimit(.minutes(2)))
struct AccountLinkAbuseTests {
    @Test func `a link that a scanner opens ten times changes nothing and still sets the password`() async throws {
        try await Harness.run { h in
            let link = try await h.links.invite("grace")
            let before = try await h.gatehouse.store.read { try $0.audit.tail(limit: 500).count }
            let stored = try await h.links.stored(link: link)
            for _ in 0..<10 {
                let page = try await h.browser().get(link)
                #expect(page.status == .ok && page.headers[.setCookie] == nil)
                #expect(page.headers[.cacheControl] == "no-store")
            }
            #expect(try await h.client.execute(uri: link, method: .head).status == .methodNotAllowed)
            #expect(try await h.links.stored(link: link) == stored)
            #expect(try await h.gatehouse.store.read { try $0.audit.tail(limit: 500).count } == before)
            #expect(try await h.links.take(link).isPage("password-set"))
        }
    }

    @Test func `of many simultaneous submissions one sets the password`() async throws {
        try await Harness.run { h in
            let link = try await h.links.invite("grace")
            let answers = try await withThrowingTaskGroup(of: (Int, TestResponse).self) { group in
                for number in 0..<8 {
                    group.addTask { (number, try await h.links.take(link, "the password number \(number)")) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let won = answers.filter { $0.1.isPage("password-set") }
            #expect(won.count == 1 && answers.allSatisfy { [.ok, .gone, .tooManyRequests].contains($0.1.status) })
            #expect(try await h.records(.accountLinkUsed).count == 1)
            #expect(try await h.links.canSignIn("grace", "the password number \(won.first?.0 ?? -1)"))
        }
    }

    @Test func `a link sets no second password`() async throws {
        try await Harness.run { h in
            let link = try await h.links.invite("grace")
            _ = try await h.links.take(link)
            let again = try await h.links.take(link, "the password of a thief")
            #expect(again.status == .gone && again.isPage("error"))
            #expect(try await h.links.canSignIn("grace", AccountLinkSteps.chosen))
            #expect(try await !h.links.canSignIn("grace", "the password of a thief"))
        }
    }

    @Test func `a link expires after 24 hours`() async throws {
        try await Harness.run { h in
            let (early, late) = (try await h.links.invite("grace"), try await h.links.invite("hedy"))
            h.clock.advance(by: 86_399)
            #expect(try await h.links.take(early).isPage("password-set"))
            h.clock.advance(by: 1)
            for answer in [try await h.browser().get(late), try await h.links.take(late)] {
                #expect(answer.status == .gone && answer.text.contains("expired"))
            }
            let user = try await h.gatehouse.store.read { try $0.users.find(named: "hedy") }
            #expect(try await h.password(of: user?.id) == nil)
            #expect(try await h.links.take(h.links.invite("hedy")).isPage("password-set"), "a new link helps")
        }
    }

    @Test func `a second link voids the first`() async throws {
        try await Harness.run { h in
            let links = [
                try await h.links.reset("ada"), try await h.links.reset("ada"), try await h.links.invite("grace"),
                try await h.links.invite("grace"),
            ]
            for link in [links[0], links[2]] { #expect(try await h.links.take(link).status == .notFound) }
            #expect(try await h.password() == nil)
            for link in [links[1], links[3]] { #expect(try await h.links.take(link).isPage("password-set")) }
        }
    }

    @Test func `the link of a disabled account sets no password, and enabling the account does not revive it`()
        async throws
    {
        try await Harness.run { h in
            let link = try await h.links.reset("ada")
            try await h.administer(.users(.disable(name: "ada")))
            #expect(try await h.browser().get(link).status == .notFound)
            #expect(try await h.links.take(link).status == .notFound)
            try await h.administer(.users(.enable(name: "ada")))
            #expect(try await h.links.take(link).status == .notFound)
            #expect(try await h.password() == nil)
        }
    }

    @Test func `a password that an administrator sets voids the link`() async throws {
        try await Harness.run { h in
            let link = try await h.links.reset("ada")
            let hash = PasswordHash.make(Secret(Harness.password), cost: .cheapForTests).string
            try await h.administer(.users(.setPassword(name: "ada", passwordHash: hash)))
            #expect(try await h.links.take(link).status == .notFound)
            #expect(try await h.links.canSignIn("ada", Harness.password))
        }
    }

    @Test func `an unknown link, a voided one and one of a disabled account get the same page`() async throws {
        try await Harness.run { h in
            let (voided, disabled) = (try await h.links.invite("grace"), try await h.links.reset("ada"))
            _ = try await h.links.invite("grace")
            try await h.administer(.users(.disable(name: "ada")))
            func pages(_ link: String) async throws -> [String] {
                let answers = [
                    try await h.browser().get(link), try await h.links.take(link),
                    try await h.links.take(link, "short"),
                ]
                return answers.map { answer in
                    "\(answer.status) " + answer.text.replacing(/<code>[^<]*<\/code>/, with: "")
                }
            }
            let unknown = try await pages("/invitations/\(AccountLinkSecret.random().reveal())")
            #expect(Set(unknown).count == 1)
            for link in [voided, disabled, "/invitations/x", "/invitations/gate_l_"] {
                #expect(try await pages(link) == unknown, "\(link)")
            }
        }
    }

    @Test func `an invitation that somebody else took is seen by its user and undone by a reset`() async throws {
        try await Harness.run { h in
            let link = try await h.links.invite("grace")
            let thief = h.browser()
            _ = try await h.links.take(link, "the password of a thief", in: thief)
            _ = try await h.account(thief, as: "grace", password: "the password of a thief")
            h.clock.advance(by: 3_600)
            let seen = try await h.browser().get(link)
            #expect(seen.status == .gone && seen.text.contains("Somebody set the password"))
            #expect(seen.text.contains((h.clock.now - 3_600).shown), "it tells when")
            let next = try await h.links.reset("grace", revokesSessions: true)
            #expect(try await thief.get("/account").input("interaction") != nil)
            #expect(try await !h.links.canSignIn("grace", "the password of a thief"))
            #expect(try await h.links.take(next).isPage("password-set"))
            #expect(try await h.links.canSignIn("grace", AccountLinkSteps.chosen))
        }
    }

    @Test func `a reset forgets the browsers of the account, so that a thief's has no tries of its own`() async throws {
        try await Harness.run { h in
            let thief = h.browser()
            _ = try await h.account(thief)
            let cookie = try #require(thief.cookies["gatehouse-browser"])
            func isKnown() async throws -> Bool {
                try await h.gatehouse.store.read { transaction in
                    try transaction.credentials.account(
                        named: AccountName("ada"), provenBy: .password, binding: .sha256(cookie))?.isKnownBrowser
                        ?? false
                }
            }
            #expect(try await isKnown())
            _ = try await h.links.reset("ada")
            #expect(try await !isKnown())
        }
    }

    @Test func `the page of a used link explains it for 30 days`() async throws {
        try await Harness.run { h in
            let link = try await h.links.invite("grace")
            _ = try await h.links.take(link)
            func step() async throws -> HTTPResponse.Status {
                _ = try await h.gatehouse.store.write { [now = h.clock.now] in try $0.housekeep(now: now, limit: 100) }
                return try await h.browser().get(link).status
            }
            h.clock.advance(by: 31 * 86_400 - 1)
            #expect(try await step() == .gone)
            h.clock.advance(by: 1)
            #expect(try await step() == .notFound)
        }
    }

    @Test func `another site cannot submit the form, and the page never sends its address`() async throws {
        try await Harness.run { h in
            let link = try await h.links.invite("grace")
            let page = try await h.browser().get(link)
            #expect(page.headers[FieldNames.referrerPolicy] == "strict-origin")
            for headers: HTTPFields in [[FieldNames.fetchSite: "cross-site"], [.origin: "https://evil.example"]] {
                let answer = try await h.browser().post(
                    link, [("new", AccountLinkSteps.chosen), ("again", AccountLinkSteps.chosen)], headers: headers)
                #expect(answer.status == .forbidden)
            }
            #expect(try await h.links.stored(link: link)?.usedAt == nil)
        }
    }

    @Test func `a busy server asks to try again, and the link stays valid`() async throws {
        let (gate, refused) = (DispatchSemaphore(value: 0), RefusedChecks())
        let hasher = PasswordHasher(
            lanes: 1, cost: .cheapForTests,
            compare: { _, _ in
                gate.wait()
                return false
            })
        try await Harness.run(hasher: hasher) { h in
            let link = try await h.links.invite("grace")
            // A network has three places. Once the fourth check is refused, the other three hold them.
            let checks = (0..<4).map { _ in
                Task {
                    let verdict = await hasher.check(Secret("a guess"), against: nil, for: .stranger(from: nil))
                    if case .busy = verdict { refused.count() }
                }
            }
            await eventually { refused.value == 1 }
            let answer = try await h.links.take(link)
            #expect(answer.status == .tooManyRequests && answer.headers[.retryAfter] == "1")
            #expect(answer.isPage("account-link"))
            #expect(try await h.links.stored(link: link)?.usedAt == nil)
            for _ in 0..<3 { gate.signal() }
            for check in checks { await check.value }
            #expect(try await h.links.take(link).isPage("password-set"))
        }
    }

    @Test func `the secret stands in no log line, in no audit record and in no file`() async throws {
        let log = CapturedLog()
        try await Harness.run(log: log.logger) { h in
            let links = [try await h.links.invite("grace"), try await h.links.reset("ada")]
            for link in links {
                _ = try await h.browser().get(link)
                _ = try await h.links.take(link, "short")
                _ = try await h.links.take(link)
                _ = try await h.links.take(link)
            }
            let records = try await h.gatehouse.store.read { try $0.audit.tail(limit: 500) }.map { "\($0)" }
            try h.gatehouse.store.close()
            let names = try FileManager.default.contentsOfDirectory(atPath: h.folder).filter { $0.contains("sqlite") }
            let files = try names.map { try Data(contentsOf: URL(fileURLWithPath: "\(h.folder)/\($0)")) }
            #expect(!files.isEmpty && log.lines.contains { $0.contains("/invitations/{secret}") })
            for secret in links.map({ String($0.dropFirst("/invitations/".count)) }) {
                #expect(!log.lines.contains { $0.contains(secret) } && !records.contains { $0.contains(secret) })
                #expect(files.allSatisfy { $0.range(of: Data(secret.utf8)) == nil })
            }
        }
    }
}

/// How many checks the hasher refused.
private final class RefusedChecks: Sendable {
    private let number = Atomic<Int>(0)

    var value: Int { number.load(ordering: .sequentiallyConsistent) }
    func count() { number.add(1, ordering: .sequentiallyConsistent) }
}
