import Glibc
import Synchronization

// MARK: - Putting keys out of use at once

extension KeyRing {
    /// Puts every key of a purpose out of use and makes a new one, which is active at once. Returns the names of the old ones.
    ///
    /// The old keys' bytes are erased, but for a sealing key's: that one goes on opening, and nothing else, until `forgetEnded`.
    /// Their names stay in the index until then, so that a process that is killed finds at its next start what is left to do.
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

    /// The names of the keys that were put out of use and on which something may still depend.
    package func ended(_ purpose: Purpose) -> [String] {
        state.withLock { state in
            state.records.filter { $0.purpose == purpose && $0.endedAt != nil }.map(\.id)
        }
    }

    /// The names of all keys of a purpose that were ever put out of use. They are kept for good: a database from before comes
    /// back with what stood on them.
    package func putOutOfUse(_ purpose: Purpose) -> [String] {
        state.withLock { state in
            (state.past + state.records).filter { $0.purpose == purpose && $0.endedAt != nil }.map(\.id)
        }
    }

    /// The keys that left the ring, the oldest first: their names, and nothing of them.
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

    /// The purposes and names of the keys that still count for something.
    package func usable(at now: Int64) -> [(purpose: Purpose, id: String)] {
        state.withLock { state in
            state.records.filter { !$0.isRetired(at: now) }.map { ($0.purpose, $0.id) }
        }
    }

    /// Erases the keys that were put out of use, once nothing depends on them; their names stay among those of the past.
    package func forgetEnded(_ purpose: Purpose) throws(KeyRingError) {
        guard !ended(purpose).isEmpty else { return }
        // In two steps: a file that outlived its name would never be removed.
        try change { state throws(KeyRingError) in state.eraseEnded(purpose) }
        try change { state throws(KeyRingError) in
            state.remove(state.records.filter { $0.purpose == purpose && $0.isErased })
            return []
        }
    }

    /// Runs the replacement of keys while no other one runs; nil when one does.
    package func whileNoOtherReplaces<T>(_ body: () async throws -> T) async throws -> T? {
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

extension KeyRing.State {
    /// Marks the ended keys of a purpose as erased and forgets their bytes; returns those whose files are to be removed.
    fileprivate mutating func eraseEnded(_ purpose: KeyRing.Purpose) -> [KeyRecord] {
        for index in records.indices where records[index].purpose == purpose && records[index].endedAt != nil {
            records[index].isErased = true
            signing[records[index].id] = nil
            secrets[records[index].id] = nil
        }
        return records.filter { $0.purpose == purpose && $0.isErased }
    }
}

// MARK: - What is kept beside the keys

extension KeyRing {
    static let note = "checkpoints.json"
    private static let noteLimit = 16 << 20

    /// Whether a note was ever kept in this folder, which can be told without opening its keys.
    package static func keepsNote(in folder: String) -> Bool { access(folder + "/" + note, F_OK) == 0 }

    /// What `keep` wrote last; nil when it never wrote anything.
    package func kept() throws(KeyRingError) -> [UInt8]? {
        guard try vault.directory.names().contains(Self.note) else { return nil }
        return try vault.directory.read(Self.note, limit: Self.noteLimit)
    }

    /// Keeps a note beside the keys, whole and durable: whoever can write the database alone cannot change it.
    package func keep(_ bytes: [UInt8]) throws(KeyRingError) {
        guard bytes.count < Self.noteLimit else { throw KeyRingError("There is too much to keep beside the keys.") }
        try vault.directory.write(Self.note, bytes)
    }

    /// The sentence for a note that cannot be read.
    package var noteIsDamaged: KeyRingError {
        KeyRingError(
            "\(vault.directory.path)/\(Self.note) is damaged: restore it from the backup of the keys directory.")
    }
}
