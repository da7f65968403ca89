import Dispatch
package import JOSE
import Synchronization

/// Checks passwords off the event loop, a few at a time: each check costs a fifth of a second and 32 MiB by design.
package final class PasswordHasher: Sendable {
    private let lanes: [DispatchQueue]
    private let waiting: Mutex<(places: Places, next: Int)>
    /// What unknown names are compared with.
    private let decoy: PasswordHash
    private let cost: PasswordHash.Cost
    private let compare: @Sendable (Secret, PasswordHash) -> Bool

    /// How many checks may stand in one lane: as many as keep the wait near a second.
    private static let depth = 5

    /// A hasher with `lanes` checks side by side, for hashes of `cost`; `compare` is the work that each check is.
    package init(
        lanes: Int = 2, cost: PasswordHash.Cost = .standard,
        compare: @escaping @Sendable (Secret, PasswordHash) -> Bool = { $1.verifies($0) }
    ) {
        self.lanes = (0..<lanes).map { DispatchQueue(label: "gatehouse.passwords.\($0)") }
        let depth = lanes * Self.depth
        waiting = Mutex((Places(forAll: depth, forKnown: 2 * lanes, perNetwork: (depth + 1) / 2), 0))
        decoy = .unmatchable(cost: cost)
        self.cost = cost
        self.compare = compare
    }

    /// What became of a check.
    package enum Verdict: Sendable {
        case right(rehashed: PasswordHash?)
        case wrong
        /// Too many checks wait already; ask again in a second.
        case busy
    }

    /// Compares `password` with `hash`; an account that does not exist (nil) costs the same and is always wrong.
    package func check(_ password: Secret, against hash: PasswordHash?, for asker: Asker) async -> Verdict {
        guard let lane = takePlace(asker) else { return .busy }
        return await withCheckedContinuation { continuation in
            lane.async { [cost, decoy, compare] in
                let matches = compare(password, hash ?? decoy)
                self.waiting.withLock { $0.places.leave(asker) }
                guard let hash, matches else { return continuation.resume(returning: .wrong) }
                let stronger = hash.needsRehash(cost) ? PasswordHash.make(password, cost: cost) : nil
                continuation.resume(returning: .right(rehashed: stronger))
            }
        }
    }

    /// The hash of a new password, which costs as much as a check; nil when too many checks wait already.
    package func hash(_ password: Secret, for asker: Asker) async -> PasswordHash? {
        guard let lane = takePlace(asker) else { return nil }
        return await withCheckedContinuation { continuation in
            lane.async { [cost] in
                let hash = PasswordHash.make(password, cost: cost)
                self.waiting.withLock { $0.places.leave(asker) }
                continuation.resume(returning: hash)
            }
        }
    }

    private func takePlace(_ asker: Asker) -> DispatchQueue? {
        waiting.withLock { waiting in
            guard waiting.places.take(asker) else { return nil }
            waiting.next = (waiting.next + 1) % lanes.count
            return lanes[waiting.next]
        }
    }
}
