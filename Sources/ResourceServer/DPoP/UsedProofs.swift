import JOSE
import OAuth
import Synchronization

/// Remembers used proofs for as long as they would be accepted again. A full memory refuses further proofs: forgetting one would
/// let it be used again.
final class UsedProofs: Sendable {
    enum Verdict: Hashable {
        case new, used, full
    }

    /// The proofs that were made within one minute. Equal proofs are made at the same time, so one minute is looked at.
    private struct Memory {
        var minutes: [Int64: Set<Digest>] = [:]
        var count = 0
    }

    /// For how many seconds a proof is remembered beyond its end, so that a clock that is set back a little admits none again.
    private static let margin: Int64 = 60

    private let capacity: Int
    private let memory = Mutex(Memory())

    init(capacity: Int) { self.capacity = capacity }

    /// The number of proofs in memory.
    var count: Int { memory.withLock { $0.count } }

    /// Uses a proof whose every other property is valid.
    func claim(_ proof: DPoPProof, now: Timestamp) -> Verdict {
        // The thumbprint has a fixed length, so no two pairs give the same text.
        let name = Digest.sha256(proof.thumbprint.string + proof.id)
        return memory.withLock { memory in
            Self.forget(in: &memory, now: now)
            let minute = proof.issuedAt.seconds / 60
            if memory.minutes[minute]?.contains(name) ?? false { return .used }
            guard memory.count < capacity else { return .full }
            memory.minutes[minute, default: []].insert(name)
            memory.count += 1
            return .new
        }
    }

    /// Forgets the proofs of the minutes that are over. At most twelve minutes are in memory.
    private static func forget(in memory: inout Memory, now: Timestamp) {
        for (minute, proofs) in memory.minutes
        where (minute + 1) * 60 + DPoPRule.tolerance + margin <= now.seconds {
            memory.minutes[minute] = nil
            memory.count -= proofs.count
        }
    }
}
