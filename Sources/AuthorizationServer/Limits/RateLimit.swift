package import OAuth
import Synchronization

/// Limits the requests of each network to an endpoint that anybody may call.
package typealias NetworkLimit = RateLimit<ClientNetwork?>

/// Limits how often each key may do something: `burst` times at once, and `perMinute` further times each minute.
///
/// The counts are in memory, bounded in number, and lost with the process.
package final class RateLimit<Key: Hashable & Sendable>: Sendable {
    /// The milliseconds of its allowance that one use takes.
    private let step: Int64
    /// The milliseconds of a whole allowance.
    private let allowance: Int64
    private let capacity: Int
    /// For each key the moment, in milliseconds since 1970, at which its allowance is whole again.
    private let whole = Mutex<[Key: Int64]>([:])

    /// A limit that keeps the counts of at most `capacity` keys.
    package convenience init(burst: Int, perMinute: Int, capacity: Int = 20_000) {
        self.init(burst: burst, milliseconds: 60_000 / Int64(perMinute), capacity)
    }

    /// A limit of `burst` times at once and one further time every so many seconds, which keeps the counts of at most `capacity`
    /// keys.
    package convenience init(burst: Int, every seconds: Int64, capacity: Int = 20_000) {
        self.init(burst: burst, milliseconds: 1000 * seconds, capacity)
    }

    private init(burst: Int, milliseconds: Int64, _ capacity: Int) {
        step = milliseconds
        allowance = step * Int64(burst)
        self.capacity = capacity
    }

    /// Counts one use and returns nil, or counts nothing and returns the seconds to wait.
    package func admit(_ key: Key, now: Timestamp) -> Int64? {
        let now = now.seconds * 1000
        return whole.withLock { whole in
            // After the clock was set back, nobody waits for longer than a whole allowance.
            if let kept = whole[key], kept > now + allowance { whole[key] = now + allowance }
            let start = max(whole[key] ?? now, now)
            let excess = start + step - (now + allowance)
            guard excess <= 0 else { return (excess + 999) / 1000 }
            if whole[key] == nil, whole.count >= capacity { makeRoom(in: &whole, now: now) }
            whole[key] = start + step
            return nil
        }
    }

    /// Takes back one use that turned out not to count.
    package func giveBack(_ key: Key) {
        whole.withLock { whole in
            if let kept = whole[key] { whole[key] = kept - step }
        }
    }

    /// Counts one use, or throws the refusal with the seconds to wait.
    package func check(_ key: Key, now: Timestamp) throws(OAuthError) {
        guard let wait = admit(key, now: now) else { return }
        throw OAuthError(.tooManyRequests, "Too many requests. Try again in \(wait) s.").retrying(after: wait)
    }

    /// The number of counted keys.
    var count: Int { whole.withLock { $0.count } }

    /// Forgets the keys whose allowance is whole, and then the quarter that used the least, so that a flood of new keys
    /// displaces none that is being held back.
    private func makeRoom(in whole: inout [Key: Int64], now: Int64) {
        whole = whole.filter { $0.value > now }
        guard whole.count > capacity * 3 / 4 else { return }
        let least = whole.sorted { $0.value < $1.value }.prefix(max(1, capacity / 4))
        for entry in least { whole[entry.key] = nil }
    }
}
