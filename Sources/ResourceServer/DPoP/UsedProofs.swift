import JOSE
import OAuth
import Synchronization

/// Remembers used proofs for as long as they would be accepted again. A full memory refuses further proofs: forgetting one would
/// let it be used again.
final class UsedProofs: Sendable {
    enum Verdict: Hashable {
        case new, used, full
    }

    /// The proofs that were made within one minute, by the thumbprint of their key. Equal proofs are made at the same time, so one
    /// minute is looked at.
    private struct Memory {
        var minutes: [Int64: [KeyThumbprint: Set<String>]] = [:]
        /// How many proofs of each key are in memory.
        var counts: [KeyThumbprint: Int] = [:]
        var count = 0
    }

    /// For how many seconds a proof is remembered beyond its end, so that a clock that is set back a little admits none again.
    private static let margin: Int64 = 60

    private let capacity: Int
    /// The most proofs of one key, so that no client fills the memory for all others.
    private let mostOfOne: Int
    private let memory = Mutex(Memory())

    init(capacity: Int) {
        self.capacity = capacity
        mostOfOne = max(1, capacity / 4)
    }

    /// The number of proofs in memory.
    var count: Int { memory.withLock { $0.count } }

    /// Uses a proof whose every other property is valid.
    func claim(_ proof: DPoPProof, now: Timestamp) -> Verdict {
        // A digest has one length, however long an id its client chose.
        let (key, name) = (proof.thumbprint, Digest.sha256(proof.id).base64URL)
        return memory.withLock { memory in
            Self.forget(in: &memory, now: now)
            let minute = proof.issuedAt.seconds / 60
            if memory.minutes[minute]?[key]?.contains(name) ?? false { return .used }
            guard memory.count < capacity, memory.counts[key, default: 0] < mostOfOne else { return .full }
            memory.minutes[minute, default: [:]][key, default: []].insert(name)
            memory.counts[key, default: 0] += 1
            memory.count += 1
            return .new
        }
    }

    /// Forgets the proofs of the minutes that have passed. At most twelve minutes are in memory.
    private static func forget(in memory: inout Memory, now: Timestamp) {
        for (minute, keys) in memory.minutes
        where (minute + 1) * 60 + DPoPRule.tolerance + margin <= now.seconds {
            memory.minutes[minute] = nil
            for (key, proofs) in keys {
                let rest = (memory.counts[key] ?? 0) - proofs.count
                memory.counts[key] = rest > 0 ? rest : nil
                memory.count -= proofs.count
            }
        }
    }
}
