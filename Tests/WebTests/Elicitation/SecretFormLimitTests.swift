import AuthorizationServer
import Dispatch
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("Limits of forms with secrets")
struct SecretFormLimitTests {
    private static func schema(passwords: Int) -> JSON {
        let fields = (0..<passwords).map { number in
            ("p\(number)", ["type": "string", "format": "password"] as JSON)
        }
        var properties: JSONObject = ["line": ["type": "string"]]
        for (name, field) in fields { properties[name] = field }
        return ["type": "object", "properties": .object(properties)]
    }

    private static func form(_ values: [String]) -> [(String, String)] {
        values.enumerated().map { ("f\($0.offset)", $0.element) }
    }

    @Test func `only password fields are compared with the user's password, three at most`()
        async throws
    {
        let hashes = Mutex(0)
        let hasher = PasswordHasher(cost: .cheapForTests) { password, hash in
            hashes.withLock { $0 += 1 }
            return hash.verifies(password)
        }
        try await Harness.run(hasher: hasher) { h in
            try await h.grant([.secret])
            let token = try await h.tokens().access
            let browser = h.browser()
            let asked = try await Asked(h.askSecret(token, ["requested_schema": Self.schema(passwords: 6)]))
            let page = try await h.open(browser, asked)
            hashes.withLock { $0 = 0 }
            let end = try await h.fill(
                browser, asked, Self.form([Harness.password, "one", "two", "two", "three", "four", "five"]), at: page)
            #expect(end.status == .ok, "a line that is no password is not compared")
            #expect(hashes.withLock { $0 } == 3)
            #expect(try await h.stored(asked)?.status == .completed)
        }
    }

    @Test func `forms count towards the limit of their user, whichever elicitation they answer`() async throws {
        try await Harness.run { h in
            try await h.grant([.secret])
            let token = try await h.tokens().access
            let browser = h.browser()
            var statuses: [HTTPResponse.Status] = []
            for number in 0..<6 {
                let asked = try await Asked(
                    h.askSecret(
                        token, ["message": .string("Number \(number)"), "requested_schema": Self.schema(passwords: 1)]))
                let page = try await h.open(browser, asked)
                statuses.append(try await h.fill(browser, asked, Self.form(["line", "secret"]), at: page).status)
            }
            #expect(statuses == [.ok, .ok, .ok, .ok, .ok, .tooManyRequests])
        }
    }

    @Test func `a form without password fields does not count`() async throws {
        try await Harness.run { h in
            try await h.grant([.secret])
            let token = try await h.tokens().access
            let browser = h.browser()
            // Without a field for a password, and with one that is optional and left empty.
            for (passwords, filled) in [(0, ["line"]), (1, ["line", ""])] {
                for number in 0..<8 {
                    let asked = try await Asked(
                        h.askSecret(
                            token,
                            [
                                "message": .string("Number \(passwords) \(number)"),
                                "requested_schema": Self.schema(passwords: passwords),
                            ]))
                    let page = try await h.open(browser, asked)
                    #expect(try await h.fill(browser, asked, Self.form(filled), at: page).status == .ok)
                }
            }
            let asked = try await Asked(
                h.askSecret(token, ["message": "The last", "requested_schema": Self.schema(passwords: 1)]))
            let page = try await h.open(browser, asked)
            let end = try await h.fill(browser, asked, Self.form(["line", "secret"]), at: page)
            #expect(end.status == .ok, "none of them counted")
        }
    }

    @Test func `fifteen forms at once leave room for others to sign in`() async throws {
        let gate = DispatchSemaphore(value: 0)
        let isArmed = Atomic<Bool>(false)
        let entered = Atomic<Int>(0)
        let hasher = PasswordHasher(lanes: 1, cost: .cheapForTests) { password, hash in
            if isArmed.load(ordering: .sequentiallyConsistent) {
                entered.add(1, ordering: .sequentiallyConsistent)
                gate.wait()
            }
            return hash.verifies(password)
        }
        try await Harness.run(hasher: hasher) { h in
            try await h.grant([.secret])
            let asked = try await Asked(
                h.askSecret(try await h.tokens().access, ["requested_schema": Self.schema(passwords: 3)]))
            let browser = h.browser()
            let page = try await h.open(browser, asked)
            let known = h.browser()
            _ = try await h.consentPage(known, h.request())
            let (stranger, again) = (h.browser(), try await h.authorize(known, h.request(["prompt": "login"])))
            let signIn = try await h.authorize(stranger, h.request())
            isArmed.store(true, ordering: .sequentiallyConsistent)
            let forms = try await withThrowingTaskGroup(of: HTTPResponse.Status.self) { group in
                for _ in 0..<15 {
                    group.addTask {
                        try await h.fill(browser, asked, Self.form(["line", "a", "b", "c"]), at: page).status
                    }
                }
                // Fourteen are turned away at once; the one that is looked at waits.
                var statuses: [HTTPResponse.Status] = []
                for _ in 0..<14 { if let status = try await group.next() { statuses.append(status) } }
                async let own = h.signIn(known, at: again).status
                async let other = h.signIn(stranger, at: signIn).status
                isArmed.store(false, ordering: .sequentiallyConsistent)
                gate.signal()
                #expect(try await own == .seeOther)
                #expect(try await other == .seeOther)
                return try await group.reduce(into: statuses) { $0.append($1) }
            }
            #expect(forms.count { $0 == .tooManyRequests } == 14)
            #expect(entered.load(ordering: .sequentiallyConsistent) == 1)
        }
    }

    @Test
    func `the forms of a user occupy one slot of the password hasher, and none that is reserved for known browsers`() {
        var places = PasswordHasher.Places(forAll: 2, forKnown: 2, perNetwork: 2)
        let (ada, bob, eve) = (UserID.random(), UserID.random(), UserID.random())
        let granted = [
            places.take(.form(of: ada)), places.take(.form(of: ada)), places.take(.form(of: bob)),
            places.take(.form(of: eve)), places.take(.known(ada)), places.take(.known(bob)), places.take(.known(eve)),
        ]
        #expect(granted == [true, false, true, false, true, true, false])
    }
}
