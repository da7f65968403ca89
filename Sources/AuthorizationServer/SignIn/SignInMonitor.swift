import JOSE
import Logging
import OAuth
import Storage
import Synchronization

/// Reports sign-in attempts to operators: each failed one in the log, all of them in a metric, and in the audit trail what an
/// investigation looks for. A typed name that no account has is recorded nowhere, because users type passwords into the field.
final class SignInMonitor: Sendable {
    /// How an attempt ended.
    enum Outcome: String, Sendable {
        case success
        /// The proof was wrong.
        case wrong
        case unknownAccount = "unknown_account"
        case accountDisabled = "account_disabled"
        /// Too many attempts failed before; the proof was not checked.
        case throttled
        /// Too many other proofs were being checked; this one was not.
        case busy

        /// The outcome in the log and in the metrics. A wrong proof is named after its method, as in `wrong_password`.
        func word(for method: CredentialKind) -> String { self == .wrong ? "wrong_\(method)" : rawValue }
    }

    /// One attempt to sign in.
    struct Attempt: Sendable {
        let name: AccountName
        /// The sign-in method.
        let method: CredentialKind
        /// The account that has the name; nil where none has.
        let user: User?
        let network: ClientNetwork?
        let address: String?
        /// The id of the request, which the error page and the log lines show.
        let reference: String
        let now: Timestamp
    }

    private let store: Store
    private let observer: Observer
    private let lines: DeduplicatedLog
    private let log: Logger
    private let background: BackgroundWork
    private let names = Mutex(FailedNames())
    private let failures = Mutex(FailureCounts())

    init(store: Store, observer: Observer, lines: DeduplicatedLog, log: Logger, background: BackgroundWork) {
        self.store = store
        self.observer = observer
        self.lines = lines
        self.log = log
        self.background = background
    }

    /// Counts and logs how an attempt ended.
    func record(_ outcome: Outcome, of attempt: Attempt) {
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

    /// How many sign-ins under this name failed since the last success, each within a day of the one before.
    func failures(of name: AccountName, now: Timestamp) -> Int { failures.withLock { $0.of(name, now: now) } }

    /// Resets the count of failures, after a success.
    func forget(_ name: AccountName) { failures.withLock { $0.forget(name) } }

    /// Records in the audit trail that guessing delays sign-ins to an account: at most once an hour, and in the background, so
    /// that the response time does not reveal whether the account exists.
    func recordHold(_ attempt: Attempt) {
        guard let user = attempt.user?.id else { return }
        let (now, address) = (attempt.now, attempt.address)
        background.run("held \(user)", failure: "the audit record of a delayed account was not written") { [store] in
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

/// The names under which sign-ins failed in the last ten minutes, by network: many names from one network are a sign of
/// password spraying.
private struct FailedNames {
    static let limit = 20
    private static let seconds: Int64 = 600
    private static let mostNetworks = 4_096

    private struct Network {
        /// At most one name more than the limit.
        var names: [Digest: Timestamp] = [:]
        var last: Timestamp
        var reportedAt: Timestamp?
    }

    private var networks: [ClientNetwork: Network] = [:]

    /// Counts a name, and returns whether it exceeds the limit; true at most once in ten minutes.
    mutating func isOverLimit(_ name: AccountName, from place: ClientNetwork, now: Timestamp) -> Bool {
        if networks[place] == nil, networks.count >= Self.mostNetworks { makeRoom(now: now) }
        var network = networks[place] ?? Network(last: now)
        defer { networks[place] = network }
        network.last = now
        if let reportedAt = network.reportedAt, Self.isRecent(reportedAt, now) { return false }
        network.names = network.names.filter { Self.isRecent($0.value, now) }
        network.names[.sha256(name.key)] = now
        guard network.names.count > Self.limit else { return false }
        (network.names, network.reportedAt) = ([:], now)
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

/// The number of failed sign-ins under each name since the last success.
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
