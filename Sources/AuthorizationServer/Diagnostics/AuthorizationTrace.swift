import JOSE
package import OAuth

/// The steps of one authorization: its first step and the latest ones, within a bound of bytes.
package struct AuthorizationTrace: Sendable {
    /// A step and when it happened.
    package struct Entry: Hashable, Sendable {
        /// The time of the step, to the second.
        package let at: Timestamp
        /// The step itself.
        package let step: AuthorizationStep
    }

    /// A key that leads to a trace.
    enum Key: Hashable, Sendable {
        /// The id of an HTTP request, which error pages and log lines show.
        case reference(String)
        /// The interaction that waits for the user's decision.
        case interaction(InteractionID)
        /// The digest of the code that the approval issued.
        case code(Digest)

        fileprivate var kind: Int {
            switch self {
            case .reference: 0
            case .interaction: 1
            case .code: 2
            }
        }
    }

    /// How much memory the steps of one trace may take, in bytes.
    static let mostBytes = 4096
    /// How many keys of each kind may lead to one trace.
    static let mostKeys = 8
    /// The greatest length of a text in a step, in bytes.
    static let longestText = 320

    /// The steps, oldest first.
    package private(set) var entries: [Entry] = []
    /// How many steps between the first and the second entry were dropped.
    package private(set) var omitted = 0
    /// The user who signed in; nil where none has.
    package private(set) var user: UserID?
    private(set) var keys: [Key] = []
    /// The trace's place in the ring buffer that holds it.
    var slot = 0
    private var bytes = 0

    init() {}

    /// Appends a step. The first step and the latest ones tell most, so the second is dropped when the memory is used up.
    mutating func add(_ step: AuthorizationStep, at now: Timestamp) {
        let step = step.shortened(to: Self.longestText)
        if step.isRecordedOnce, entries.contains(where: { $0.step == step }) { return }
        entries.append(Entry(at: now, step: step))
        bytes += step.size
        while bytes > Self.mostBytes, entries.count > 2 {
            bytes -= entries.remove(at: 1).step.size
            omitted += 1
        }
    }

    /// Adds a key, and returns the key that it replaces when there are enough of its kind: the second, because users hold the
    /// first and the latest.
    mutating func add(_ key: Key) -> Key? {
        let alike = keys.indices.filter { keys[$0].kind == key.kind }
        let dropped = alike.count < Self.mostKeys ? nil : keys.remove(at: alike[1])
        keys.append(key)
        return dropped
    }

    /// Records the user who signed in.
    mutating func assign(to user: UserID) { self.user = user }
}

extension AuthorizationStep {
    /// The memory that an entry takes besides its texts, in bytes.
    private static let overhead = 64

    fileprivate var size: Int { Self.overhead + texts.reduce(0) { $0 + $1.utf8.count } }

    private var texts: [String] {
        switch self {
        case .arrived(let client, let host): [client ?? "", host ?? ""]
        case .documentFetched(let host, _, _, _): [host]
        case .documentUnavailable(let cause, _), .documentRefused(let cause, _, _), .refused(_, let cause, _),
            .redemptionRefused(_, let cause):
            [cause]
        case .consentAsked(let server, _): [server]
        case .clientRegistered, .documentKept, .documentAwaited, .signInAsked, .signInOutdated, .signInLost,
            .signInRefused, .signInDelayed, .signedIn, .recognised, .consentShown, .consentElsewhere, .consentOver,
            .consentOutdated, .consentIncomplete, .approved, .denied, .failed, .redeemed:
            []
        }
    }

    fileprivate func shortened(to limit: Int) -> AuthorizationStep {
        guard texts.contains(where: { $0.utf8.count > limit }) else { return self }
        func cut(_ text: String) -> String {
            guard text.utf8.count > limit else { return text }
            return String(decoding: text.utf8.prefix(limit), as: UTF8.self) + "…"
        }
        return switch self {
        case .arrived(let client, let host): .arrived(client: client.map(cut), redirectHost: host.map(cut))
        case .documentFetched(let host, let bytes, let milliseconds, let seconds):
            .documentFetched(host: cut(host), bytes: bytes, milliseconds: milliseconds, keptFor: seconds)
        case .documentUnavailable(let cause, let milliseconds):
            .documentUnavailable(cause: cut(cause), milliseconds: milliseconds)
        case .documentRefused(let cause, let bytes, let milliseconds):
            .documentRefused(cause: cut(cause), bytes: bytes, milliseconds: milliseconds)
        case .refused(let code, let cause, let told): .refused(code, cause: cut(cause), told)
        case .redemptionRefused(let code, let cause): .redemptionRefused(code, cause: cut(cause))
        case .consentAsked(let server, let scopes): .consentAsked(server: cut(server), scopes: scopes)
        case .clientRegistered, .documentKept, .documentAwaited, .signInAsked, .signInOutdated, .signInLost,
            .signInRefused, .signInDelayed, .signedIn, .recognised, .consentShown, .consentElsewhere, .consentOver,
            .consentOutdated, .consentIncomplete, .approved, .denied, .failed, .redeemed:
            self
        }
    }
}
