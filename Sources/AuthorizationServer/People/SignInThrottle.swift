import JOSE
package import OAuth
import Synchronization

/// Slows down password guessing without letting a stranger lock a person out.
///
/// Every try is counted before the password is looked at, so that parallel guesses share one budget. Five tries are free;
/// each further one waits twice as long as the one before, a quarter of an hour at most. A browser in which the person has
/// signed in before has a budget of its own.
package final class SignInThrottle: Sendable {
    /// Whose tries are counted together: one account, seen from a known browser or from any other.
    package struct Key: Hashable, Sendable {
        /// Of one size, however long the name is that a stranger types.
        private let digest: Digest

        /// The budget of `account`, its own one for a browser in which the account has signed in before.
        package init(account: String, knownBrowser: String?) {
            digest = .sha256("\(account.utf8.count):\(account)\(knownBrowser ?? "")")
        }
    }

    private struct Budget {
        var tries = 0
        var notBefore: Timestamp
        var lastTry: Timestamp
    }

    private static let freeTries = 5
    private static let longestDelay: Int64 = 900
    private static let forgottenAfter: Int64 = 86_400

    private let budgets = Mutex<[Key: Budget]>([:])
    private let capacity: Int

    /// A throttle that remembers at most `capacity` budgets.
    package init(capacity: Int = 100_000) {
        self.capacity = capacity
    }

    /// Counts one try and says whether it may go on; if not, the seconds to wait.
    package func admit(_ key: Key, now: Timestamp) -> Int64? {
        budgets.withLock { budgets in
            var budget = budgets[key] ?? Budget(notBefore: now, lastTry: now)
            if now < budget.notBefore { return max(1, budget.notBefore.seconds - now.seconds) }
            budget.tries += 1
            budget.lastTry = now
            if budget.tries >= Self.freeTries {
                let doublings = min(budget.tries - Self.freeTries, 10)
                budget.notBefore = now + min(Self.longestDelay, 1 << Int64(doublings))
            }
            if budgets[key] == nil, budgets.count >= capacity { makeRoom(in: &budgets, now: now) }
            budgets[key] = budget
            return nil
        }
    }

    /// Takes back a try that was counted although no password was looked at.
    package func giveBack(_ key: Key) {
        budgets.withLock { budgets in
            guard var budget = budgets[key], budget.tries > 0 else { return }
            budget.tries -= 1
            budget.notBefore = budget.lastTry
            budgets[key] = budget
        }
    }

    /// How many budgets are remembered.
    package var count: Int { budgets.withLock { $0.count } }

    /// Forgets the tries of `key` after the right password.
    package func forgive(_ key: Key) {
        budgets.withLock { _ = $0.removeValue(forKey: key) }
    }

    /// Forgets what is stale, and then the quarter with the fewest tries: a flood of invented names pushes itself out and
    /// not the account that is under attack. So much at once, that a flood does not make every try pay for it.
    private func makeRoom(in budgets: inout [Key: Budget], now: Timestamp) {
        budgets = budgets.filter { now - $0.value.lastTry <= Self.forgottenAfter }
        guard budgets.count > capacity * 3 / 4 else { return }
        let fewest = budgets.sorted { ($0.value.tries, $0.value.lastTry) < ($1.value.tries, $1.value.lastTry) }
        for (key, _) in fewest.prefix(max(1, capacity / 4)) { budgets[key] = nil }
    }
}
