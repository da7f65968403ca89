import JOSE
package import OAuth
import Storage

/// The page on which a signed-in user types the code of a device, sees who asks and from where, and goes on to the consent page.
///
/// Nothing is looked up for a stranger: only signed-in users can try codes, each within a limit. A link can fill in the code, but
/// the user has to send it.
/// Spec: RFC 8628 §3.3
package struct DevicePageEndpoint: Sendable {
    let store: Store
    let keys: KeyRing
    let people: SignInService
    let clients: ClientDirectory
    let limits: DeviceLimits
    let clock: WallClock
    let observer: Observer

    private var seal: InteractionSeal { InteractionSeal(keys: keys) }

    /// What the page shows.
    package enum View: Sendable {
        case signIn(SignInPrompt)
        /// The field for the code, and why the last code led nowhere.
        case entry(DeviceEntry, problem: Problem?)
        /// Who asks and from where.
        case review(DeviceReview)
        /// The user takes up the request: on to its consent page.
        case consent(InteractionID)
        /// The user denied the request.
        case denied
    }

    /// Why a typed code leads nowhere.
    package enum Problem: Hashable, Sendable {
        /// The field is empty, or holds what no code is.
        case malformed
        /// No device waits with this code, or another user has it. One answer for both, which tells a stranger nothing.
        case unknown
        /// Too many wrong codes; the seconds to wait.
        case wait(Int64)
        /// The form belongs to an earlier sign-in.
        case outdated
    }

    /// The button that a form names.
    private enum Step: String {
        /// Looks up the typed code.
        case find
        /// Takes up the request that the page shows.
        case proceed
        /// Denies the request that the page shows.
        case deny
    }

    /// The page with the field. A link can fill it in. Changes and looks up nothing.
    package func show(_ typed: String?, browser: Browser) async throws -> View {
        let now = clock.now()
        let code = typed.flatMap { UserCode($0) }
        guard let person = try await people.signedIn(browser, now: now) else { return try signIn(code, browser, now) }
        return .entry(entry(code?.shown, person), problem: nil)
    }

    /// Handles a form of the page.
    package func submit(_ form: Parameters, browser: Browser) async throws -> View {
        let now = clock.now()
        let (typed, token) = (try form.value(.userCode) ?? "", try form.value("token") ?? "")
        let step = try form.value("step").flatMap(Step.init(rawValue:)) ?? .find
        let code = UserCode(typed)
        guard let person = try await people.signedIn(browser, now: now) else { return try signIn(code, browser, now) }
        guard let code else { return .entry(entry(typed, person), problem: .malformed) }
        let expected = self.token(for: step == .find ? nil : code, person)
        guard ConstantTime.equal(Array(token.utf8), Array(expected.utf8)) else {
            return .entry(entry(code.shown, person), problem: .outdated)
        }
        let source = RequestSource(address: browser.address)
        // Counted before the lookup, so that requests in parallel try no more codes than others.
        if let wait = limits.admit(person.user.id, from: source, now: now) {
            return .entry(entry(code.shown, person), problem: .wait(wait))
        }
        guard let request = try await request(of: code, for: person, now: now) else {
            return .entry(entry(code.shown, person), problem: .unknown)
        }
        limits.giveBack(person.user.id, from: source)
        switch step {
        case .find: return try await review(request, code, person, browser, now: now)
        case .proceed: return try await proceed(request, code, person, browser, now: now)
        case .deny: return try await deny(request, code, person, browser, now: now)
        }
    }

    private func signIn(_ code: UserCode?, _ browser: Browser, _ now: Timestamp) throws -> View {
        .signIn(SignInPrompt(client: nil, token: try seal.seal(.device(code: code), for: browser, now: now)))
    }

    func entry(_ typed: String?, _ person: SignedIn) -> DeviceEntry {
        DeviceEntry(code: typed, username: person.user.name, token: token(for: nil, person))
    }

    /// The token of a form, which prevents cross-site request forgery. That of a request names its code, so that no form decides about
    /// a request that its page did not show.
    func token(for code: UserCode?, _ person: SignedIn) -> String {
        Base64URL.encode(
            HMAC.sha256(
                key: keys.secret(.form).bytes, Array("device".utf8), person.login.digest.bytes,
                Array((code?.shown ?? "").utf8)))
    }
}
