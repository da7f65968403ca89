import JOSE
import Logging
import OAuth
import Storage
import Synchronization

/// Tells operators how tries to sign in end: each failed one in the log, all of them in a metric, and in the audit trail what
/// an investigation would look for. A name that was typed and belongs to nobody is written down nowhere.
final class SignInMonitor: Sendable {
    /// How a try ended.
    enum Outcome: String, Sendable {
        case success
        /// The proof was not right.
        case wrong
        case unknownAccount = "unknown_account"
        case accountDisabled = "account_disabled"
        /// Too many tries; no proof was looked at.
        case throttled
        /// Too many others wanted a proof checked.
        case busy

        /// The outcome as the log and the metrics call it: a wrong proof is named after its method, as in `wrong_password`.
        func word(for method: CredentialKind) -> String { self == .wrong ? "wrong_\(method)" : rawValue }
    }

    /// Who tries, and from where.
    struct Attempt: Sendable {
        let name: AccountName
        /// The sign-in method.
        let method: CredentialKind
        /// The account that has the name, if one has.
        let user: User?
        let network: ClientNetwork?
        let address: String?
        /// What the error page and the other lines of this request show.
        let reference: String
        let now: Timestamp
    }

    private let store: Store
    private let observer: Observer
    private let lines: DeduplicatedLog
    private let log: Logger
    private let errands: BackgroundWork
    private let names = Mutex(FailedNames())
    private let failures = Mutex(FailureCounts())

    init(store: Store, observer: Observer, lines: DeduplicatedLog, log: Logger, errands: BackgroundWork) {
        self.store = store
        self.observer = observer
        self.lines = lines
        self.log = log
        self.errands = errands
    }

    /// Notes how a try ended.
    func note(_ outcome: Outcome, of attempt: Attempt) {
        observer.observe(.signIn(attempt.method, outcome))
        guard outcome != .success else { return }
        lines.note(
            "sign-in failed",
            [
                "account": attempt.user?.id.string, "network": attempt.network?.description,
                "method": attempt.method.rawValue,
                "outcome": outcome.word(for: attempt.method),
            ], reference: attempt.reference)
        guard outcome != .busy else { return }
        if outcome != .throttled { failures.withLock { $0.count(attempt.name, now: attempt.now) } }
        guard let network = attempt.network else { return }
        if names.withLock({ $0.isOverLimit(attempt.name, from: network, now: attempt.now) }) {
            log.warning(
                "more than \(FailedNames.limit) names failed to sign in from one network within ten minutes",
                metadata: ["network": "\(network)", "method": "\(attempt.method)"])
        }
    }

    /// How often sign-ins under this name failed since the last one that did not, within a day of each other.
    func failures(of name: AccountName, now: Timestamp) -> Int { failures.withLock { $0.of(name, now: now) } }

    /// Begins to count anew after a success.
    func forget(_ name: AccountName) { failures.withLock { $0.forget(name) } }

    /// Keeps in the audit trail that guessing holds up sign-ins to an account: once an hour, behind the answer, so that nobody
    /// learns by its time whether there is such an account.
    func noteHeld(_ attempt: Attempt) {
        guard let user = attempt.user?.id else { return }
        let (now, address) = (attempt.now, attempt.address)
        errands.run("held \(user)", failure: "a held-up account is not in the records") { [store] in
            guard try await store.read({ try !$0.audit.wasHeld(user, since: now - 3_600) }) else { return }
            try await store.write { transaction in
                guard try !transaction.audit.wasHeld(user, since: now - 3_600) else { return }
                try transaction.audit.append(
                    AuditEntry(
                        .signInHeld, at: now, actor: .system, user: user, outcome: .refused,
                        reason: "too many wrong passwords; browsers that the account does not know have to wait",
                        initiator: .system, address: address))
            }
        }
    }
}

/// Which names failed from which network in the last ten minutes.
private struct FailedNames {
    static let limit = 20
    private static let seconds: Int64 = 600
    private static let mostNetworks = 4_096

    private struct Network {
        /// At most one more than the limit.
        var names: [Digest: Timestamp] = [:]
        var last: Timestamp
        var toldAt: Timestamp?
    }

    private var networks: [ClientNetwork: Network] = [:]

    /// Counts a name; true when it is one too many, which is told once in ten minutes.
    mutating func isOverLimit(_ name: AccountName, from place: ClientNetwork, now: Timestamp) -> Bool {
        if networks[place] == nil, networks.count >= Self.mostNetworks { makeRoom(now: now) }
        var network = networks[place] ?? Network(last: now)
        defer { networks[place] = network }
        network.last = now
        if let toldAt = network.toldAt, Self.isRecent(toldAt, now) { return false }
        network.names = network.names.filter { Self.isRecent($0.value, now) }
        network.names[.sha256(name.key)] = now
        guard network.names.count > Self.limit else { return false }
        (network.names, network.toldAt) = ([:], now)
        return true
    }

    private static func isRecent(_ time: Timestamp, _ now: Timestamp) -> Bool { abs(now - time) < seconds }

    private mutating func makeRoom(now: Timestamp) {
        networks = networks.filter { Self.isRecent($0.value.last, now) }
        guard networks.count > Self.mostNetworks * 3 / 4 else { return }
        let fewest = networks.sorted { ($0.value.names.count, $0.value.last) < ($1.value.names.count, $1.value.last) }
        for (place, _) in fewest.prefix(Self.mostNetworks / 4) { networks[place] = nil }
    }
}

/// How often sign-ins failed under each name since the last success.
private struct FailureCounts {
    private static let seconds: Int64 = 86_400
    private static let mostNames = 10_000

    private var counts: [Digest: (count: Int, last: Timestamp)] = [:]

    mutating func count(_ name: AccountName, now: Timestamp) {
        let key = Digest.sha256(name.key)
        let earlier = of(name, now: now)
        if counts[key] == nil, counts.count >= Self.mostNames { makeRoom(now: now) }
        counts[key] = (earlier + 1, now)
    }

    func of(_ name: AccountName, now: Timestamp) -> Int {
        guard let found = counts[.sha256(name.key)], abs(now - found.last) < Self.seconds else { return 0 }
        return found.count
    }

    mutating func forget(_ name: AccountName) { counts[.sha256(name.key)] = nil }

    private mutating func makeRoom(now: Timestamp) {
        counts = counts.filter { now - $0.value.last < Self.seconds }
        guard counts.count > Self.mostNames * 3 / 4 else { return }
        let fewest = counts.sorted { ($0.value.count, $0.value.last) < ($1.value.count, $1.value.last) }
        for (key, _) in fewest.prefix(Self.mostNames / 4) { counts[key] = nil }
    }
}
