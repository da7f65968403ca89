import Glibc
import Synchronization

// MARK: - Ending keys at once, as a leak demands

extension KeyRing {
    /// Ends every key of a purpose and makes a new one that is active at once; returns the names of the ended keys.
    ///
    /// The bytes of ended keys are erased at once, except those of sealing keys, which only open values until `forgetEnded`. The
    /// names stay in the index until then, so that a process that was killed finds the unfinished work at its next start.
    @discardableResult
    package func replace(_ purpose: Purpose, now: Int64) throws(KeyRingError) -> [String] {
        var names: [String] = []
        try change { state throws(KeyRingError) in
            let old = state.records.indices.filter {
                state.records[$0].purpose == purpose && state.records[$0].endedAt == nil
            }
            names = old.map { state.records[$0].id }
            for index in old { state.records[index].endedAt = now }
            var erased: [KeyRecord] = []
            if purpose != .secret(.sealing) { erased = state.eraseEnded(purpose) }
            try self.vault.make(purpose, now: now, in: &state)
            return erased
        }
        return names
    }

    /// The names of the ended keys that stored values may still depend on.
    package func ended(_ purpose: Purpose) -> [String] {
        state.withLock { state in
            state.records.filter { $0.purpose == purpose && $0.endedAt != nil }.map(\.id)
        }
    }

    /// The names of all keys of a purpose that were ever ended. They are never removed: a restored database brings back the values
    /// that were made with them.
    package func everEnded(_ purpose: Purpose) -> [String] {
        state.withLock { state in
            (state.past + state.records).filter { $0.purpose == purpose && $0.endedAt != nil }.map(\.id)
        }
    }

    /// Descriptions of the keys that left the ring, the oldest first; their bytes are gone.
    package func past() -> [KeyDescription] {
        state.withLock { state in
            state.past.map { record in
                let kind: KeyDescription.Kind = if case .signing = record.purpose { .signing } else { .secret }
                return KeyDescription(
                    id: record.id, purpose: record.purpose.name, kind: kind,
                    state: record.endedAt == nil ? .retired : .ended, createdAt: record.createdAt,
                    activeFrom: record.activeFrom, retiresAt: record.endedAt ?? record.retiresAt)
            }
        }
    }

    /// Purpose and name of every key that is neither retired nor ended.
    package func usable(at now: Int64) -> [(purpose: Purpose, id: String)] {
        state.withLock { state in
            state.records.filter { !$0.isRetired(at: now) }.map { ($0.purpose, $0.id) }
        }
    }

    /// Erases the ended keys of a purpose, once nothing depends on them; `past` keeps their names.
    package func forgetEnded(_ purpose: Purpose) throws(KeyRingError) {
        guard !ended(purpose).isEmpty else { return }
        // In two steps: a file whose name has left the index would never be removed.
        try change { state throws(KeyRingError) in state.eraseEnded(purpose) }
        try change { state throws(KeyRingError) in
            state.remove(state.records.filter { $0.purpose == purpose && $0.isErased })
            return []
        }
    }

    /// Runs a replacement of keys unless another one is running; nil when one is.
    package func replacing<T>(_ body: () async throws -> T) async throws -> T? {
        guard
            isReplacing.withLock({ isBusy in
                defer { isBusy = true }
                return !isBusy
            })
        else { return nil }
        defer { isReplacing.withLock { $0 = false } }
        return try await body()
    }
}

// MARK: - The checkpoints of the audit trail

extension KeyRing {
    /// The file of the checkpoints. It is beside the keys, so that write access to the database does not suffice to change it.
    static let checkpointsFile = "checkpoints.json"
    private static let checkpointsLimit = 16 << 20

    /// Whether checkpoints were ever saved in this directory; needs no passphrase.
    package static func hasCheckpoints(in folder: String) -> Bool { access(folder + "/" + checkpointsFile, F_OK) == 0 }

    /// The checkpoints that were saved last; nil when none ever were.
    package func checkpoints() throws(KeyRingError) -> [UInt8]? {
        guard try vault.directory.names().contains(Self.checkpointsFile) else { return nil }
        return try vault.directory.read(Self.checkpointsFile, limit: Self.checkpointsLimit)
    }

    /// Replaces the saved checkpoints, atomically and durably.
    package func save(checkpoints bytes: [UInt8]) throws(KeyRingError) {
        guard bytes.count < Self.checkpointsLimit else {
            throw KeyRingError("The checkpoints exceed the limit of 16 MiB and cannot be saved beside the keys.")
        }
        try vault.directory.write(Self.checkpointsFile, bytes)
    }

    /// The error for saved checkpoints that cannot be parsed.
    package var checkpointsAreDamaged: KeyRingError {
        KeyRingError(
            "\(vault.directory.path)/\(Self.checkpointsFile) is damaged: restore it from the backup of the keys directory."
        )
    }
}
