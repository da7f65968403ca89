package import JOSE
package import OAuth
package import Storage
import Synchronization

/// Slows down password guessing without letting a stranger lock a user out.
///
/// Every attempt is counted before the password is checked, so that parallel guesses share one limit. An attempt counts under
/// the typed name and under its network; neither depends on whether an account has the name. A browser in which the account
/// has signed in before has a limit of its own, which nobody else can use up.
package final class SignInThrottle: Sendable {
    fileprivate struct Key: Hashable, Sendable {
        /// A digest bounds the memory for the long names that strangers type.
        private let digest: Digest

        init(_ kind: String, _ text: String, _ more: String = "") {
            digest = .sha256("\(kind):\(text.utf8.count):\(text)\(more)")
        }
    }

    /// The limits that one attempt counts under.
    package struct Claim: Sendable {
        fileprivate let keys: [(key: Key, pace: AttemptRate)]
        /// The network that competes for the next attempt under the first key; nil for a limit without turns.
        fileprivate let network: Key?

        /// An attempt at a name in a browser in which no account of that name has signed in.
        package static func stranger(_ name: AccountName, from network: ClientNetwork?) -> Claim {
            let network = network.map { Key("network", $0.description) }
            let keys = [(Key("name", name.key), AttemptRate.name)] + (network.map { [($0, AttemptRate.network)] } ?? [])
            return Claim(keys: keys, network: network ?? Key("network", ""))
        }

        /// An attempt at a name in a browser in which its account has signed in before.
        package static func known(_ name: AccountName, in browser: Digest) -> Claim {
            Claim(keys: [(Key("browser", name.key, browser.base64URL), .person)], network: nil)
        }

        /// A form in which a signed-in user submits secrets, which could be used to guess the user's password.
        package static func form(of user: UserID) -> Claim {
            Claim(keys: [(Key("form", user.string), .person)], network: nil)
        }
    }

    private struct Entry {
        var budget: AttemptBudget
        let pace: AttemptRate
        var next = RetryTurn<Key>()
    }

    /// In seconds.
    private static let forgottenAfter: Int64 = 86_400

    private let entries = Mutex<[Key: Entry]>([:])
    private let capacity: Int

    /// A throttle that keeps at most `capacity` limits in memory.
    package init(capacity: Int = 100_000) {
        self.capacity = capacity
    }

    /// Counts one attempt and returns nil, or counts nothing and returns the seconds to wait.
    package func admit(_ claim: Claim, now: Timestamp) -> Int64? {
        entries.withLock { entries in
            var found = claim.keys.map { key, pace in
                var entry = entries[key] ?? Entry(budget: AttemptBudget(at: now), pace: pace)
                entry.budget.settle(pace, now: now)
                return entry
            }
            for (place, (key, _)) in claim.keys.enumerated() where entries[key] != nil { entries[key] = found[place] }
            let waits = found.map { $0.budget.wait(at: now) }
            if let longest = waits.max(), longest > 0 {
                // Only a network that waits for the name alone reserves the next turn; one over its own limit does not.
                if let network = claim.network, waits[0] > 0, waits.dropFirst().allSatisfy({ $0 == 0 }) {
                    found[0].next.knock(network)
                    entries[claim.keys[0].key] = found[0]
                }
                return longest
            }
            if let network = claim.network {
                let kept = found[0].next.wait(for: network, since: found[0].budget.notBefore, now: now)
                guard kept == 0 else {
                    entries[claim.keys[0].key] = found[0]
                    return kept
                }
                found[0].next.pass()
            }
            for (place, (key, pace)) in claim.keys.enumerated() {
                found[place].budget.count(pace, now: now)
                if entries[key] == nil, entries.count >= capacity { makeRoom(in: &entries, now: now) }
                entries[key] = found[place]
            }
            return nil
        }
    }

    /// Records that the password of a counted attempt was wrong. True when no further attempt at its name passes for now.
    package func fail(_ claim: Claim, now: Timestamp) -> Bool {
        change(claim.keys[0].key) { entry in
            if let network = claim.network { entry.next.fail(network) }
            return entry.budget.wait(at: now) > 0
        } ?? false
    }

    /// Removes an attempt that was counted although no password was checked. Its network keeps the turn.
    package func giveBack(_ claim: Claim, now: Timestamp) {
        refund(claim, now: now)
        if let network = claim.network { change(claim.keys[0].key) { $0.next.knock(network) } }
    }

    private func refund(_ claim: Claim, now: Timestamp) {
        for (key, _) in claim.keys { change(key) { $0.budget.refund(now: now) } }
    }

    /// Records the right password. It removes its own attempt and no other, so that a guesser gains nothing by it. The failures in
    /// the user's own browser are forgotten.
    package func succeed(_ claim: Claim, now: Timestamp) {
        refund(claim, now: now)
        if let network = claim.network {
            change(claim.keys[0].key) { $0.next.clear(network) }
        } else {
            entries.withLock { entries in for (key, _) in claim.keys { entries[key] = nil } }
        }
    }

    /// How many limits are in memory.
    package var count: Int { entries.withLock { $0.count } }

    @discardableResult
    private func change<Result: Sendable>(_ key: Key, _ body: (inout Entry) -> Result) -> Result? {
        entries.withLock { entries in
            guard var entry = entries[key] else { return nil }
            let result = body(&entry)
            entries[key] = entry
            return result
        }
    }

    /// Evicts stale limits, and then the quarter with the fewest attempts: a flood of invented names evicts itself and not the
    /// account under attack. Evicting a quarter at once keeps the cost of a flood off most attempts.
    private func makeRoom(in entries: inout [Key: Entry], now: Timestamp) {
        entries = entries.filter { now - $0.value.budget.lastTry <= Self.forgottenAfter }
        guard entries.count > capacity * 3 / 4 else { return }
        let levels = entries.map { key, entry in
            var budget = entry.budget
            budget.settle(entry.pace, now: now)
            return (key: key, level: budget.level, last: budget.lastTry)
        }
        let fewest = levels.sorted { ($0.level, $0.last) < ($1.level, $1.last) }
        for entry in fewest.prefix(max(1, capacity / 4)) { entries[entry.key] = nil }
    }
}
