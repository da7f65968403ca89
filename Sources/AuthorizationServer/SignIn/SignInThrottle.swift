package import JOSE
package import OAuth
package import Storage
import Synchronization

/// Slows down password guessing without letting a stranger lock a person out.
///
/// Every try is counted before the password is looked at, so that parallel guesses share one budget. It counts under the
/// name that was typed and under the network that it comes from; neither knows whether an account has the name. A browser in
/// which the account has signed in before has a budget of its own, so that nobody else can use it up.
package final class SignInThrottle: Sendable {
    fileprivate struct Key: Hashable, Sendable {
        /// Of one size, however long the name is that a stranger types.
        private let digest: Digest

        init(_ kind: String, _ text: String, _ more: String = "") {
            digest = .sha256("\(kind):\(text.utf8.count):\(text)\(more)")
        }
    }

    /// What one try counts under.
    package struct Claim: Sendable {
        fileprivate let keys: [(key: Key, pace: AttemptRate)]
        /// Who competes with others for the next try under the first key.
        fileprivate let network: Key?

        /// A try at a name in a browser that the account, if there is one, does not know.
        package static func stranger(_ name: AccountName, from network: ClientNetwork?) -> Claim {
            let network = network.map { Key("network", $0.description) }
            let keys = [(Key("name", name.key), AttemptRate.name)] + (network.map { [($0, AttemptRate.network)] } ?? [])
            return Claim(keys: keys, network: network ?? Key("network", ""))
        }

        /// A try at a name in a browser in which its account has signed in before.
        package static func known(_ name: AccountName, in browser: Digest) -> Claim {
            Claim(keys: [(Key("browser", name.key, browser.base64URL), .person)], network: nil)
        }

        /// A form in which somebody who is signed in hands over secrets.
        package static func form(of user: UserID) -> Claim {
            Claim(keys: [(Key("form", user.string), .person)], network: nil)
        }
    }

    private struct Entry {
        var budget: AttemptBudget
        let pace: AttemptRate
        var next = RetryTurn<Key>()
    }

    private static let forgottenAfter: Int64 = 86_400

    private let entries = Mutex<[Key: Entry]>([:])
    private let capacity: Int

    /// A throttle that remembers at most `capacity` budgets.
    package init(capacity: Int = 100_000) {
        self.capacity = capacity
    }

    /// Counts one try and says whether it may go on; if not, nothing is counted and these are the seconds to wait.
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
                // Who only waits for the name asks for its next turn; a network that waits for its own sake does not.
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

    /// Notes that the password of a counted try was wrong. True when no further try at its name passes for now.
    package func fail(_ claim: Claim, now: Timestamp) -> Bool {
        change(claim.keys[0].key) { entry in
            if let network = claim.network { entry.next.fail(network) }
            return entry.budget.wait(at: now) > 0
        } ?? false
    }

    /// Takes back a try that was counted although no password was looked at. Its turn stays with who had it.
    package func giveBack(_ claim: Claim, now: Timestamp) {
        takeBack(claim, now: now)
        if let network = claim.network { change(claim.keys[0].key) { $0.next.knock(network) } }
    }

    private func takeBack(_ claim: Claim, now: Timestamp) {
        for (key, _) in claim.keys { change(key) { $0.budget.takeBack(now: now) } }
    }

    /// Notes the right password. It takes back its own try and nobody else's: a guesser gains nothing by it. What went wrong in
    /// a browser of the person's own is forgotten.
    package func succeed(_ claim: Claim, now: Timestamp) {
        takeBack(claim, now: now)
        if let network = claim.network {
            change(claim.keys[0].key) { $0.next.clear(network) }
        } else {
            entries.withLock { entries in for (key, _) in claim.keys { entries[key] = nil } }
        }
    }

    /// How many budgets are remembered.
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

    /// Forgets what is stale, and then the quarter with the fewest tries: a flood of invented names pushes itself out and
    /// not the account that is under attack. So much at once, that a flood does not make every try pay for it.
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
