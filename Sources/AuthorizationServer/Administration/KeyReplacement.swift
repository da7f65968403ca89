package import JOSE
package import Logging
package import OAuth
package import Storage

/// What remains to be done once keys were put out of use: whatever stands on them ends, or is made anew.
///
/// Each step finds in keys and database what is left to do, so it can be broken off at any place and begun again.
package struct KeyReplacement: Sendable {
    /// How many values are sealed anew in one transaction.
    private static let step = 100

    let store: Store
    let keys: KeyRing
    let log: Logger?

    /// Replacement of these keys and of what stands on them in this database.
    package init(store: Store, keys: KeyRing, log: Logger?) {
        self.store = store
        self.keys = keys
        self.log = log
    }

    /// What was done.
    enum Outcome: Sendable {
        case nothing
        case ended(sessions: Int)
        case voided(codes: Int)
        case sealedAnew(Int, unreadable: Int)

        var sentence: String {
            switch self {
            case .nothing: "The old keys are out of use."
            case .ended(let sessions):
                "The old keys are out of use, and \(KeyCost.count(Int64(sessions), "session", "sessions")) ended."
            case .voided(let codes):
                "The old keys are out of use, and \(KeyCost.count(Int64(codes), "code is void", "codes are void"))."
            case .sealedAnew(let count, let unreadable):
                "The old keys are erased, and \(KeyCost.count(Int64(count), "value was", "values were")) sealed anew."
                    + (unreadable == 0
                        ? "" : " \(unreadable) could not be opened before either, and stayed as they were.")
            }
        }
    }

    /// Finishes what a process that was killed, or a disk that was full, broke off.
    package func finish(at now: Timestamp) async throws {
        for purpose in KeyRing.Purpose.all where !keys.ended(purpose).isEmpty {
            _ = try await keys.whileNoOtherReplaces {
                // Who began it is in the record of the rotation.
                let ending = SessionEnding(
                    reason: .revokedByAdmin, initiator: .system, actor: .system,
                    explanation: "the refresh keys were put out of use", at: now)
                return try await settle(purpose, ending)
            }
        }
    }

    /// Ends or renews everything that stands on the keys of a purpose that were put out of use, and forgets them.
    func settle(_ purpose: KeyRing.Purpose, _ ending: SessionEnding) async throws -> Outcome {
        let outcome: Outcome =
            switch purpose {
            // The ring refuses what these keys signed or sealed, and nothing in the database stands on them.
            case .signing(.tokens), .secret(.form): .nothing
            case .signing(.events): try await handOverTheTrail(at: ending.at)
            case .secret(.refresh): .ended(sessions: try await endSessions(ending))
            case .secret(.code): .voided(codes: try await store.write { try $0.voidCodes(now: ending.at) })
            case .secret(.sealing): try await sealAnew()
            }
        try keys.forgetEnded(purpose)
        return outcome
    }

    /// Writes down where each chain ended when the keys did, and has the new key sign that.
    private func handOverTheTrail(at now: Timestamp) async throws -> Outcome {
        let ended = keys.ended(.signing(.events))
        try await store.write { try $0.audit(endOfKeys: ended, at: now) }
        do {
            _ = try await AuditNotary(store: store, keys: keys, log: log).signDue(at: now)
        } catch let error as AuditBroken {
            // A trail that somebody changed must not keep the leaked key in use.
            log?.error("no audit checkpoint was signed", metadata: ["error": "\(error)"])
        }
        return .nothing
    }

    /// Ends every session by the steps of `revoke --all`. What was begun before is gone on with: whoever approved since then, with
    /// the new key, is not meant.
    private func endSessions(_ ending: SessionEnding) async throws -> Int {
        var count = try await store.finishEndings(now: ending.at)
        let ended = Set(keys.ended(.secret(.refresh)))
        if try await store.read({ try $0.refreshKeysInUse() }).contains(where: ended.contains) {
            count += try await store.endSessions(SessionFilter(), ending).count
        }
        return count
    }

    /// Seals every value anew that an ended key sealed. All sealing happens inside of write transactions, one of which runs at a
    /// time: none that began after the new key became active uses an old one, and none that began before is still running.
    private func sealAnew() async throws -> Outcome {
        let vault = ConnectionVault(keys: keys)
        let ended = Set(keys.ended(.secret(.sealing)))
        var (count, unreadable) = (0, 0)
        for table in SealedValue.Table.allCases {
            var cursor: String? = ""
            while let place = cursor {
                let step = try await store.write { transaction in
                    try Self.sealAnew(table, after: place, ended, vault, transaction)
                }
                count += step.sealed
                unreadable += step.unreadable
                cursor = step.last
            }
        }
        return .sealedAnew(count, unreadable: unreadable)
    }

    private struct Step: Sendable {
        var sealed = 0
        var unreadable = 0
        /// Where the next step begins; nil when there is none.
        var last: String?
    }

    private static func sealAnew(
        _ table: SealedValue.Table, after cursor: String, _ ended: Set<String>, _ vault: ConnectionVault,
        _ transaction: Transaction
    ) throws -> Step {
        let values = try transaction.sealedValues(in: table, after: cursor, limit: step)
        var step = Step(last: values.count == Self.step ? values.last?.cursor : nil)
        for value in values where Sealing.keyID(of: value.bytes).map(ended.contains) ?? false {
            if let bytes = try vault.sealedAnew(value, in: transaction) {
                try transaction.replace(value, with: bytes)
                step.sealed += 1
            } else {
                step.unreadable += 1
            }
        }
        return step
    }
}
