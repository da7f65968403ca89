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
        /// The name that was typed, in the spelling that accounts are compared by.
        package let account: String
        /// The digest of a browser in which this account has signed in before, nil for all others together.
        package let knownBrowser: String?

        /// The budget of `account`, its own one for a `knownBrowser`.
        package init(account: String, knownBrowser: String?) {
            self.account = account
            self.knownBrowser = knownBrowser
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
            if budgets[key] == nil, budgets.count >= capacity { Self.makeRoom(in: &budgets, now: now) }
            budgets[key] = budget
            return nil
        }
    }

    /// Forgets the tries of `key` after the right password.
    package func forgive(_ key: Key) {
        budgets.withLock { _ = $0.removeValue(forKey: key) }
    }

    private static func makeRoom(in budgets: inout [Key: Budget], now: Timestamp) {
        let stale = budgets.filter { $0.value.lastTry + forgottenAfter < now }
        if stale.isEmpty, let oldest = budgets.min(by: { $0.value.lastTry < $1.value.lastTry }) {
            budgets[oldest.key] = nil
        }
        for key in stale.keys { budgets[key] = nil }
    }
}
