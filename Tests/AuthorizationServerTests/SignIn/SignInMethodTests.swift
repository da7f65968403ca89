import JOSE
import OAuth
import ServerSupport
import Storage
import Synchronization
import TestSupport
import Testing

@testable import AuthorizationServer

@Suite("The rules for every sign-in method")
struct SignInMethodTests {
    /// People who can sign in by a word besides their passwords. Ada has a word.
    private static func play(
        word: WordSignIn = WordSignIn(), log: CapturedLog = CapturedLog(),
        _ test: @Sendable @escaping (Harness, SignInService) async throws -> Void
    ) async throws {
        try await Harness.run(log: log.logger) { h in
            let own = h.gatehouse.people
            let people = SignInService(
                store: own.store, methods: [word] + own.methods, monitor: own.monitor, clock: own.clock)
            try await h.gatehouse.store.write { [user = h.user] transaction in
                try transaction.credentials.insert(
                    Credential(userID: user.id, kind: .word, data: "swordfish", createdAt: user.createdAt))
            }
            try await test(h, people)
        }
    }

    private static func browser() -> Browser {
        Browser(binding: .sha256(Random.token()), signIn: nil, address: "198.51.100.7")
    }

    @discardableResult
    private static func signIn(_ people: SignInService, _ form: String) async throws -> SignInService.SignInResult {
        try await people.signIn(people.claim(in: Parameters(query: form)), browser: browser())
    }

    private static func word(_ h: Harness) async throws -> Credential? {
        try await h.gatehouse.store.read { [id = h.user.id] in try $0.credentials.find(CredentialKind.word, of: id) }
    }

    @Test func `the first method that reads a form handles it, and the password handles every other form`() async throws
    {
        try await Self.play { _, people in
            let forms = ["username=ada&word=x&password=y", "username=ada&password=y", ""]
            let kinds = try forms.map { try people.claim(in: Parameters(query: $0)).method.kind }
            #expect(kinds == [.word, .password, .password])
            #expect(people.contexts == [AuthenticationContext.word, .password])
        }
    }

    @Test func `the login keeps the method's proof, and the credential is marked as used and renewed`() async throws {
        try await Self.play { h, people in
            guard case .signedIn(let person, _) = try await Self.signIn(people, "username=ada&word=swordfish") else {
                Issue.record("the right word signs in")
                return
            }
            let expected = try WordSignIn.authentication(at: h.clock.now)
            #expect(person.user == h.user && person.login.authentication == expected)
            #expect(person.login.createdAt == h.clock.now && person.login.authTime == h.clock.now + -7)
            let credential = try await Self.word(h)
            #expect(credential?.data == "turned" && credential?.usedAt == h.clock.now)
            #expect(try await h.password()?.usedAt == nil)
            #expect(try await h.records(.personSignedIn).count == 1)
        }
    }

    @Test func `failed attempts by one method count for all methods, and at the limit no method is called`()
        async throws
    {
        let method = WordSignIn()
        try await Self.play(word: method) { h, people in
            for number in 0..<5 { try await Self.signIn(people, "username=ada&word=wrong\(number)") }
            #expect(method.asked == 5)
            for form in ["username=ada&word=swordfish", "username=ada&password=x"] {
                guard case .wait = try await Self.signIn(people, form) else {
                    Issue.record("nobody may try again: \(form)")
                    continue
                }
            }
            #expect(method.asked == 5)
            #expect(try await h.browserLogins() == 0)
            #expect(try await Self.word(h)?.usedAt == nil)
        }
    }

    @Test func `a method is called once for every name, without an account for an unknown name or a disabled one`()
        async throws
    {
        let method = WordSignIn()
        try await Self.play(word: method) { h, people in
            let off = try await h.addUser("off")
            try await h.gatehouse.store.write { [now = h.clock.now] transaction in
                try transaction.credentials.insert(
                    Credential(userID: off.id, kind: .word, data: "swordfish", createdAt: now))
                _ = try transaction.users.setDisabled(now, off.id)
            }
            _ = try await h.addUser("bare")
            for (count, name) in ["nobody", "off", "bare"].enumerated() {
                guard case .wrong = try await Self.signIn(people, "username=\(name)&word=swordfish") else {
                    Issue.record("\(name) cannot sign in")
                    continue
                }
                #expect(method.asked == count + 1)
            }
            #expect(method.names == [nil, nil, "bare"])
            #expect(try await h.records(.personSignedIn).isEmpty)
        }
    }

    @Test func `a proof of another account than the claimed one signs nobody in`() async throws {
        let method = WordSignIn()
        try await Self.play(word: method) { h, people in
            let bob = try await h.addUser("bob")
            let own = try #require(try await h.password(of: bob.id))
            method.impostor.withLock { $0 = (bob, own) }
            for name in ["ada", "nobody"] {
                guard case .wrong = try await Self.signIn(people, "username=\(name)&word=swordfish") else {
                    Issue.record("a proof of bob does not let \(name) in")
                    continue
                }
            }
            #expect(try await h.records(.personSignedIn).isEmpty)
            #expect(try await h.password(of: bob.id)?.usedAt == nil)
        }
    }

    @Test func `a credential that is replaced during the check signs nobody in`() async throws {
        let method = WordSignIn()
        try await Self.play(word: method) { h, people in
            let seen = try #require(try await Self.word(h))
            method.meanwhile.withLock { meanwhile in
                meanwhile = { [store = h.gatehouse.store, now = h.clock.now] in
                    _ = try? await store.write { try $0.credentials.replace(seen, with: "another", now: now) }
                }
            }
            guard case .wait(1) = try await Self.signIn(people, "username=ada&word=swordfish") else {
                Issue.record("the word is not what it was")
                return
            }
            #expect(try await h.browserLogins() == 0)
            #expect(try await Self.word(h)?.data == "another")
        }
    }

    @Test func `a failed sign-in is logged under its method`() async throws {
        let log = CapturedLog()
        try await Self.play(log: log) { _, people in
            try await Self.signIn(people, "username=ada&word=wrong")
            try await Self.signIn(people, "username=nobody&word=wrong")
            let lines = log.lines.filter { $0.contains("sign-in failed") }
            #expect(lines.count == 2)
            #expect(lines.first?.contains("method=word network=198.51.100.7 outcome=wrong_word") == true)
            #expect(lines.last?.contains("method=word network=198.51.100.7 outcome=unknown_account") == true)
        }
    }
}

extension CredentialKind {
    fileprivate static let word = CredentialKind(rawValue: "word")
}

extension AuthenticationContext {
    fileprivate static let word = AuthenticationContext(rawValue: "urn:example:word")
}

/// A second method: whoever says the word of an account is its person, as a provider vouches.
private final class WordSignIn: SignInMethod {
    let kind = CredentialKind.word
    let context = AuthenticationContext.word
    /// Runs while the proof is checked.
    let meanwhile = Mutex<(@Sendable () async -> Void)?>(nil)
    /// Whose proof it gives, whoever was claimed.
    let impostor = Mutex<(user: User, credential: Credential)?>(nil)
    private let seen = Mutex<[String?]>([])

    /// The names of the accounts that it was shown; nil for none.
    var names: [String?] { seen.withLock { $0 } }
    var asked: Int { names.count }

    static func authentication(at now: Timestamp) throws -> Authentication {
        Authentication(
            time: now + -7, context: .word,
            methods: [AuthenticationMethodReference(rawValue: "word")].compactMap { $0 },
            voucher: try OpenIDIssuer("https://words.example"))
    }

    func claim(in form: Parameters) throws(OAuthError) -> SignInClaim? {
        guard let word = try form.value("word") else { return nil }
        return SignInClaim(method: self, name: AccountName(try form.value("username") ?? ""), proof: Secret(word))
    }

    func prove(_ admitted: AdmittedClaim) async -> SignInMethodResult {
        seen.withLock { $0.append(admitted.account?.user.name) }
        await meanwhile.withLock { $0 }?()
        guard let authentication = try? Self.authentication(at: admitted.now) else { return .busy }
        if let (user, credential) = impostor.withLock({ $0 }) {
            return .proven(
                Proof(user: user, authentication: authentication, credential: credential, renewed: nil))
        }
        guard let account = admitted.account, let credential = account.credential,
            Secret(credential.data) == admitted.claim.proof
        else { return .wrong }
        return .proven(
            Proof(user: account.user, authentication: authentication, credential: credential, renewed: "turned"))
    }
}
