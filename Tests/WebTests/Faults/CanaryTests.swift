import AuthorizationServer
import Foundation
import HTTPTypes
import HummingbirdTesting
import JOSE
import NIOCore
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

/// Walks through everything with values that must not be found anywhere afterwards.
@Suite("Secrets leave no trace")
struct CanaryTests {
    @Test func `after a whole walk no secret stands in the database, in a log line or on a page`()
        async throws
    {
        let log = CapturedLog()
        try await Harness.run(log: log.logger) { h in
            var walk = Walk(h)
            try await walk.run()
            #expect(walk.canaries.count >= 18)
            for text in ["Approve this to go on.", "Delete the folder Drafts", "/ada/Drafts"] {
                #expect(!log.lines.contains { $0.contains(text) }, "what was asked is in the log")
            }
            let administration = Administration(
                store: h.gatehouse.store, keys: h.gatehouse.keys, clock: h.clock.wall)
            let everything = AdministrationRequest.audit(.export(AuditSelection()))
            _ = try await administration.file(everything, by: .current)
            try h.gatehouse.store.close()
            let files = try Self.files(in: h.folder).filter { !$0.contains("/keys/") }
            #expect(files.contains { $0.hasSuffix("gatehouse.sqlite") } && files.contains { $0.hasSuffix(".jsonl") })
            let stored = try files.map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
            #expect(log.lines.count > 10)
            for (name, canary) in walk.canaries {
                #expect(canary.utf8.count >= 16, "\(name) is no canary")
                for bytes in stored { #expect(bytes.range(of: Data(canary.utf8)) == nil, "\(name) is in a file") }
                #expect(!log.lines.contains { $0.contains(canary) }, "\(name) is in the log")
                #expect(!walk.errors.contains { $0.contains(canary) }, "\(name) is in an error")
            }
            // The search itself works.
            #expect(stored.contains { $0.range(of: Data("files.example".utf8)) != nil })
        }
    }

    private static func files(in folder: String) throws -> [String] {
        let paths = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        var isFolder: ObjCBool = false
        return paths.map { folder + "/" + $0 }.filter {
            FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder) && !isFolder.boolValue
        }
    }
}

/// A walk that remembers every secret it meets and every error it is shown.
private struct Walk {
    private let h: Harness
    private(set) var canaries: [(String, String)] = []
    private(set) var errors: [String] = []

    init(_ harness: Harness) {
        h = harness
    }

    mutating func run() async throws {
        let secret = ClientSecret.random()
        canaries = [
            ("password", Harness.password), ("resource secret", h.resourceSecret.reveal()),
            ("client secret", secret.reveal()),
        ]
        _ = try await h.register("vault", redirects: [Harness.redirect], secret: secret)
        let browser = h.browser()
        let verifier = CodeVerifier.random()
        let code = try await approve(browser, verifier)
        let redeemed = try await h.redeem(
            Redeemable(code: code, verifier: verifier.reveal()),
            ["client_id": "vault", "client_secret": secret.reveal()])
        #expect(redeemed.status == .ok)
        let first = redeemed.tokens
        let second = try await h.refresh(
            first.refresh, ["client_id": "vault", "client_secret": secret.reveal()]
        ).tokens
        #expect(try await h.introspect(second.access)["active"] == true)
        for (name, value) in [
            ("code", code), ("verifier", verifier.reveal()), ("access token", first.access),
            ("access token 2", second.access), ("refresh token", first.refresh ?? ""),
            ("refresh token 2", second.refresh ?? ""), ("sign-in cookie", browser.cookies["gatehouse"] ?? ""),
            ("browser cookie", browser.cookies["gatehouse-browser"] ?? ""),
        ] { canaries.append((name, value)) }
        for signature in [first.access, second.access].compactMap({ $0.split(separator: ".").last }) {
            canaries.append(("signature", String(signature)))
        }
        try await elicit(second.access, browser)
        try await handOver(second.access, browser)
        try await look(browser)
        try await misuse(browser)
        _ = try await h.send(
            "/revoke", [("token", second.refresh ?? ""), ("client_id", "vault"), ("client_secret", secret.reveal())])
        _ = try await h.refresh(first.refresh, ["client_id": "vault", "client_secret": secret.reveal()])
    }

    private mutating func approve(_ browser: TestBrowser, _ verifier: CodeVerifier) async throws -> String {
        let page = try await h.authorize(browser, h.request(["client_id": "vault"], verifier: verifier))
        canaries.append(("sealed request", page.input("interaction") ?? ""))
        let wrong = try await h.signIn(browser, at: page, password: Harness.password + "!")
        #expect(wrong.status == .unauthorized)
        #expect(!wrong.text.contains(Harness.password))
        let moved = try await h.signIn(browser, at: page)
        let consent = try await browser.get(
            String((moved.headers[.location] ?? "").dropFirst("http://localhost".count)))
        canaries.append(("form token", consent.input("token") ?? ""))
        let answer = try await h.decide(browser, at: consent)
        return FormText.decode(queryOf: answer.continuation ?? "")["code"]?.first ?? ""
    }

    /// An elicitation from the request to the collected approval; its message and values are in no log line.
    private mutating func elicit(_ token: String, _ browser: TestBrowser) async throws {
        let asked = try await Asked(h.ask(token))
        let sealed = try await h.browser().get(asked.page)
        canaries.append(("sealed page", sealed.input("interaction") ?? ""))
        let page = try await h.open(browser, asked)
        canaries.append(("elicitation's form token", page.input("token") ?? ""))
        _ = try await h.press(browser, asked, "approve", at: page)
        let approval = try await h.call(.post, asked.path + "/result").json["approval"]?.string ?? ""
        canaries.append(("approval", approval))
        canaries.append(("approval's signature", approval.split(separator: ".").last.map(String.init) ?? ""))
    }

    /// A secret from the form to the MCP server: first with a wrong field, by a stranger and with one's own password.
    private mutating func handOver(_ token: String, _ browser: TestBrowser) async throws {
        let typed = ["typed-canary-" + Random.token(12), "typed-canary-" + Random.token(12)]
        try await h.grant([.confirm, .secret])
        let asked = try await Asked(h.askSecret(token))
        let page = try await h.open(browser, asked)
        let form = [("f0", typed[0]), ("f1", typed[1])]
        let wrong = try await h.fill(browser, asked, form + [("f2", "x")], at: page)
        #expect(wrong.status == .badRequest)
        #expect(!wrong.text.contains(typed[0]))
        _ = try await h.addUser("eve")
        let stranger = h.browser()
        _ = try await h.open(stranger, asked, as: "eve")
        let own = try await h.fill(browser, asked, [("f0", Harness.password), ("f1", "a line")], at: page)
        errors.append(own.text)
        let answers = [
            try await h.fill(stranger, asked, form, at: page), try await h.fill(h.browser(), asked, form, at: page),
            own,
            try await h.fill(browser, asked, form, at: page), try await h.fill(browser, asked, form, at: page),
            try await h.call(.get, asked.path),
        ]
        #expect(answers.map(\.status) == [.forbidden, .ok, .badRequest, .ok, .conflict, .ok])
        for answer in answers { errors.append(answer.text) }
        let read = try await h.call(.get, asked.path + "/result")
        #expect(read.json["content"]?.object?["api_key"]?.string == typed[0])
        _ = try await h.call(.post, asked.path + "/result")
        // A second one stays uncollected: the database holds it, sealed.
        let kept = try await Asked(h.askSecret(token, ["message": "Another one."]))
        let keptPage = try await h.open(browser, kept)
        let left = "typed-canary-" + Random.token(12)
        let end = try await h.fill(browser, kept, [("f0", left), ("f1", left)], at: keptPage)
        #expect(end.status == .ok)
        #expect(try await h.stored(kept)?.content != nil)
        canaries += [("typed password", typed[0]), ("typed text", typed[1]), ("uncollected", left)]
    }

    /// The page of the account, and a new password that is typed wrong first.
    private mutating func look(_ browser: TestBrowser) async throws {
        let page = try await h.account(browser)
        #expect(page.status == .ok)
        let token = page.input("token") ?? ""
        canaries.append(("account's form token", token))
        let typed = ["new-password-canary-" + Random.token(12), "guess-canary-" + Random.token(12)]
        let wrong = [("current", typed[1]), ("new", typed[0]), ("again", typed[0])]
        let differing = [("current", Harness.password), ("new", typed[0]), ("again", typed[1])]
        for fields in [wrong, differing] {
            // The page that tells the reason has the form again.
            errors.append(try await h.step(browser, at: page, "password", fields).text.replacing(token, with: ""))
        }
        let other = try await h.addUser("zoe")
        let another = h.browser()
        let own = try await h.account(another, as: other.name)
        let changed = try await h.step(
            another, at: own, "password", [("current", Harness.password), ("new", typed[0]), ("again", typed[0])])
        #expect(changed.status == .seeOther)
        errors.append(try await h.follow(another, changed).text)
        canaries += [
            ("new password", typed[0]), ("guessed password", typed[1]),
            ("renewed cookie", another.cookies["gatehouse"] ?? ""),
        ]
    }

    /// Sends each secret in a wrong place and collects the responses.
    private mutating func misuse(_ browser: TestBrowser) async throws {
        for (_, canary) in canaries {
            let answers = [
                try await h.refresh(canary), try await h.redeem(Redeemable(code: canary, verifier: canary)),
                try await h.send("/introspect", [("token", canary)], basic: ("vault", canary)),
                try await h.send("/revoke", [("token", canary), ("client_id", "vault"), ("client_secret", canary)]),
                try await h.send("/token?code=\(canary.replacing(" ", with: "+"))", [("code", canary)]),
                try await h.authorize(h.browser(), h.request(["code_challenge": canary + "."])),
                try await browser.get("/consent?interaction=\(canary.replacing(" ", with: "+"))"),
                try await browser.post("/consent", [("token", canary), ("decision", canary)]),
                try await browser.get("/" + canary.replacing(" ", with: "+")),
            ]
            for answer in answers {
                // Only the client's own secret is in its place, at the revocation endpoint.
                #expect(answer.status != .ok || answer.body.readableBytes == 0)
                errors.append(answer.text + "\(answer.headers)")
            }
        }
    }
}
