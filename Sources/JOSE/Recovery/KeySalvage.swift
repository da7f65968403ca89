import Glibc

/// A keys folder of which keys were lost: what can still be read, and a folder that works without the rest.
///
/// Lost keys become ended ones, so that whatever depends on them ends or is reported as after a leak. Nothing is deleted: unreadable
/// files and the old index stay in the folder under hidden names.
package struct KeySalvage: Sendable {
    /// The lost keys that the index names.
    package let lost: [(purpose: KeyRing.Purpose, id: String)]
    private let vault: KeyVault
    private let state: KeyRingState
    private let index: KeyIndex?

    /// Reads what can be read in a folder, with the passphrase for it and for the new keys. A missing folder is created by `write`.
    package init(of folder: String, passphrase: Secret?, now: Int64) throws(KeyRingError) {
        let directory = try KeyDirectory(folder, create: true)
        var vault = try KeyVault(directory, passphrase)
        let bytes = try? directory.read(KeyIndex.file, limit: KeyIndex.limit)
        let index = bytes.flatMap { KeyIndex($0) }
        vault.generation = index?.generation ?? 0
        var (state, lost): (KeyRingState, [(KeyRing.Purpose, String)]) = (KeyRingState(), [])
        state.past = index?.past ?? []
        for record in index?.records ?? [] {
            // What has ended or retired needs no file.
            let isNeeded = if case .secret = record.purpose { !record.isErased } else { !record.isRetired(at: now) }
            if isNeeded, !Self.load(record, from: vault, into: &state) {
                lost.append((record.purpose, record.id))
            } else {
                state.records.append(record)
            }
        }
        (self.vault, self.state, self.index, self.lost) = (vault, state, index, lost)
    }

    private static func load(_ record: KeyRecord, from vault: KeyVault, into state: inout KeyRingState) -> Bool {
        switch record.purpose {
        case .signing:
            guard let key = try? vault.load(signing: record) else { return false }
            state.signing[record.id] = key
        case .secret:
            guard let key = try? vault.load(secret: record) else { return false }
            state.secrets[record.id] = key
        }
        return true
    }

    /// The purposes that have no key left.
    package func emptyPurposes(at now: Int64) -> [KeyRing.Purpose] {
        KeyRing.Purpose.everywhere.filter { state.active($0, at: now) == nil }
    }

    /// The readable keys, to find out what they still open. It signs nothing.
    package var readable: KeyRing { KeyRing(vault, state) }

    /// Writes a folder with the readable keys and new ones for the purposes that have none, and opens it. `unnamed` are lost keys
    /// that only the database knows.
    package func write(
        unnamed: [(purpose: KeyRing.Purpose, id: String)], now: Int64
    ) throws(KeyRingError) -> KeyRing {
        var state = self.state
        for (purpose, id) in lost + unnamed {
            var record =
                index?.records.first { $0.id == id }
                ?? KeyRecord(
                    id: id, purpose: purpose, createdAt: now, activeFrom: now)
            record.endedAt = now
            record.isErased = true
            state.records.append(record)
        }
        try keepUnreadable()
        for purpose in KeyRing.Purpose.everywhere where state.active(purpose, at: now) == nil {
            try vault.make(purpose, now: now, in: &state)
        }
        try vault.directory.shut()
        try vault.directory.write(KeyIndex.file, vault.index(state).bytes)
        return KeyRing(vault, state)
    }

    /// Gives the files that will not be used hidden names, under which nothing removes them.
    private func keepUnreadable() throws(KeyRingError) {
        let names = try vault.directory.names()
        var unused: [String] = lost.compactMap { _, id in index?.records.first { $0.id == id } }.map(vault.file)
        if names.contains(KeyIndex.file) {
            // The index is exchanged at once below; its former text is kept in a copy.
            if let bytes = try? vault.directory.read(KeyIndex.file, limit: KeyIndex.limit) {
                try vault.directory.write(".lost-" + KeyIndex.file, bytes)
            }
        } else {
            unused += names.filter { $0.hasSuffix(".pem") || $0.hasSuffix(".key") }
        }
        for name in unused where names.contains(name) {
            guard rename("\(vault.directory.path)/\(name)", "\(vault.directory.path)/.lost-\(name)") == 0 else {
                throw KeyRingError("\(vault.directory.path)/\(name) cannot be renamed. Nothing was changed.")
            }
        }
    }
}
