/// The keys of a ring in memory and what the index says of each; a value, so that a change works on a copy.
struct KeyRingState: Sendable {
    typealias SigningPurpose = KeyRing.SigningPurpose
    typealias Purpose = KeyRing.Purpose

    /// The keys of the index, the oldest first. Those that are retired or erased have no entry in the dictionaries below.
    var records: [KeyRecord] = []
    var signing: [String: SigningKey] = [:]
    var secrets: [String: NamedKey] = [:]
    /// Records without keys: a restored database can hold values that name a key which left the ring.
    var past: [KeyRecord] = []

    private static let mostPast = 2_000

    func requireNoNext(of purpose: SigningPurpose, at now: Int64) throws(KeyRingError) {
        guard let last = records.last(where: { $0.purpose == .signing(purpose) }), last.activeFrom > now else {
            return
        }
        throw KeyRingError("The last rotation is still under way: wait until its key is active.")
    }

    /// Moves records to the past and forgets their keys.
    mutating func remove(_ removed: [KeyRecord]) {
        records.removeAll(where: removed.contains)
        past = (past + removed).suffix(Self.mostPast)
        for record in removed {
            signing[record.id] = nil
            secrets[record.id] = nil
        }
    }

    /// Moves keys to the past that retired before this process began: they are not in memory, and nothing needs them any more.
    mutating func forgetRetired() {
        remove(records.filter { $0.endedAt == nil && signing[$0.id] == nil && secrets[$0.id] == nil })
    }

    /// Marks the ended keys of a purpose as erased and forgets their bytes; returns the records whose files are to be removed.
    mutating func eraseEnded(_ purpose: Purpose) -> [KeyRecord] {
        for index in records.indices where records[index].purpose == purpose && records[index].endedAt != nil {
            records[index].isErased = true
            signing[records[index].id] = nil
            secrets[records[index].id] = nil
        }
        return records.filter { $0.purpose == purpose && $0.isErased }
    }

    /// The key of a purpose that signs or seals at `now`.
    func active(_ purpose: Purpose, at now: Int64) -> KeyRecord? {
        // Only a clock that was set back can show a time before every key: then the oldest key serves.
        records.last { isUsable($0, purpose, at: now) && $0.activeFrom <= now }
            ?? records.first { isUsable($0, purpose, at: now) }
    }

    // A key that was retired when the ring was opened is not in memory, even if the clock is set back afterwards.
    private func isUsable(_ record: KeyRecord, _ purpose: Purpose, at now: Int64) -> Bool {
        record.purpose == purpose && !record.isRetired(at: now)
            && (signing[record.id] != nil || secrets[record.id] != nil)
    }
}
