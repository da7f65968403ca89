import Dispatch
package import JOSE
import Synchronization

/// Hashes and checks passwords off the event loop, a few at a time: each check costs a fifth of a second and 32 MiB by design.
package final class PasswordHasher: Sendable {
    private let lanes: [DispatchQueue]
    private let waiting: Mutex<(places: Places, next: Int)>
    /// The hash that passwords for unknown names are compared with, so that both cases cost the same.
    private let decoy: PasswordHash
    private let cost: PasswordHash.Cost
    private let compare: @Sendable (Secret, PasswordHash) -> Bool

    /// How many checks may wait in one lane: as many as keep the wait near a second.
    private static let depth = 5

    /// A hasher that runs `lanes` checks in parallel and makes hashes of `cost`; `compare` does the check itself.
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

    /// The result of a check.
    package enum Verdict: Sendable {
        /// The password is right; `rehashed` is its hash at the present cost, nil where the stored hash has that cost.
        case right(rehashed: PasswordHash?)
        case wrong
        /// Too many checks are waiting; try again in a second.
        case busy
    }

    /// Compares `password` with `hash`. No hash (nil), for an account that does not exist, costs the same and is always wrong.
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

    /// The hash of a new password, which costs as much as a check; nil when too many checks are waiting.
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
