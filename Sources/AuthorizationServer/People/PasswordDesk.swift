import Dispatch
package import JOSE
import Synchronization

/// Checks passwords off the event loop, a few at a time: each check costs a fifth of a second and 32 MiB by design.
package final class PasswordDesk: Sendable {
    private let lanes: [DispatchQueue]
    private let waiting = Mutex<(inFlight: Int, next: Int)>((0, 0))
    private let decoy = Mutex<PasswordHash?>(nil)
    private let cost: PasswordHash.Cost

    /// How many checks may stand in one lane: as many as keep the wait near a second.
    private static let depth = 5

    /// A desk with `lanes` checks side by side, for hashes of `cost`.
    package init(lanes: Int = 2, cost: PasswordHash.Cost = .standard) {
        self.lanes = (0..<lanes).map { DispatchQueue(label: "gatehouse.passwords.\($0)") }
        self.cost = cost
    }

    /// What became of a check.
    package enum Verdict: Sendable {
        case right(rehashed: PasswordHash?)
        case wrong
        /// Too many checks wait already; ask again in a second.
        case busy
    }

    /// Compares `password` with `hash`; an account that does not exist (nil) costs the same and is always wrong.
    package func check(_ password: Secret, against hash: PasswordHash?) async -> Verdict {
        guard let lane = takePlace() else { return .busy }
        return await withCheckedContinuation { continuation in
            lane.async { [cost] in
                let matches = (hash ?? self.stranger()).verifies(password)
                self.leavePlace()
                guard let hash, matches else { return continuation.resume(returning: .wrong) }
                let stronger = hash.needsRehash(cost) ? PasswordHash.make(password, cost: cost) : nil
                continuation.resume(returning: .right(rehashed: stronger))
            }
        }
    }

    /// The hash that unknown names are compared with; made when first needed, for it costs as much as a check.
    private func stranger() -> PasswordHash {
        decoy.withLock { decoy in
            let hash = decoy ?? PasswordHash.make(Secret(Random.token()), cost: cost)
            decoy = hash
            return hash
        }
    }

    private func takePlace() -> DispatchQueue? {
        waiting.withLock { waiting in
            guard waiting.inFlight < lanes.count * Self.depth else { return nil }
            waiting.inFlight += 1
            waiting.next = (waiting.next + 1) % lanes.count
            return lanes[waiting.next]
        }
    }

    private func leavePlace() {
        waiting.withLock { $0.inFlight -= 1 }
    }
}
