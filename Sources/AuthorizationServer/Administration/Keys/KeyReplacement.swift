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
        case sealedAnew(Int, unopened: [String])

        /// How many sessions ended; nil where that is not what replacing these keys does.
        var sessionsEnded: Int? { if case .ended(let sessions) = self { sessions } else { nil } }

        var sentence: String {
            switch self {
            case .nothing: "The old keys are out of use."
            case .ended(let sessions):
                "The old keys are out of use, and \(KeyReplacementImpact.count(Int64(sessions), "session", "sessions")) ended."
            case .voided(let codes):
                "The old keys are out of use, and \(KeyReplacementImpact.count(Int64(codes), "code is void", "codes are void"))."
            case .sealedAnew(let count, let unopened):
                "The old keys are erased, and \(KeyReplacementImpact.count(Int64(count), "value was", "values were")) sealed anew."
                    + (unopened.isEmpty
                        ? ""
                        : " \(unopened.count) could not be opened before either, and stayed as they were: "
                            + "\(UnfinishedKeyReplacement.named(unopened)).")
            }
        }
    }

    /// What was finished, and what was not.
    package struct Finished: Sendable {
        /// What was done, a sentence for each purpose.
        package fileprivate(set) var done: [String] = []
        /// What could not be done, a sentence for each purpose.
        package fileprivate(set) var failures: [String] = []
    }

    /// Finishes what a process that was killed, or a disk that was full, broke off, and does again what a database from before
    /// does not know of.
    ///
    /// What fails is logged and keeps nothing else from being done: no key that was put out of use counts for anything meanwhile,
    /// so a server may serve. It is tried again every minute and at each start.
    @discardableResult
    package func finish(at now: Timestamp) async -> Finished {
        var finished = Finished()
        do {
            for (purpose, ids) in try await unfinished() {
                try await finish(purpose, ids, at: now, into: &finished)
            }
        } catch is CancellationError {
            // The server stops; the next one goes on.
        } catch {
            note(UnfinishedKeyReplacement(purpose: nil, reason: "\(error)"), in: &finished)
        }
        return finished
    }

    private func finish(
        _ purpose: KeyRing.Purpose, _ ids: [String], at now: Timestamp, into finished: inout Finished
    ) async throws {
        // Who began it is in the record of the rotation.
        let ending = SessionEnding(
            reason: .revokedByAdmin, initiator: .system, actor: .system,
            explanation: "the refresh keys were put out of use", at: now)
        do {
            if let outcome = try await keys.whileNoOtherReplaces({ try await settle(purpose, ids, ending) }) {
                finished.done.append("\(purpose.name): \(outcome.sentence)")
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            note(
                error as? UnfinishedKeyReplacement ?? UnfinishedKeyReplacement(purpose: purpose, reason: "\(error)"),
                in: &finished)
        }
    }

    private func note(_ error: UnfinishedKeyReplacement, in finished: inout Finished) {
        finished.failures.append("\(error)")
        log?.error("keys were put out of use, and something still stands on them", metadata: ["error": "\(error)"])
    }

    /// The keys that were put out of use and that something may still stand on: what the folder has not forgotten, and what this
    /// database has no record of.
    package func unfinished() async throws -> [(purpose: KeyRing.Purpose, ids: [String])] {
        let known = KeyRing.Purpose.all.filter { !keys.putOutOfUse($0).isEmpty }
        guard !known.isEmpty else { return [] }
        let said = try await store.read { try $0.audit.keysPutOutOfUse() }
        return known.compactMap { purpose in
            let ids = Set(keys.ended(purpose)).union(keys.putOutOfUse(purpose).filter { said[$0] == nil })
            return ids.isEmpty ? nil : (purpose, ids.sorted())
        }
    }

    /// Ends or renews everything that stands on these keys, which were put out of use, and has the trail and the folder say so.
    func settle(_ purpose: KeyRing.Purpose, _ ids: [String], _ ending: SessionEnding) async throws -> Outcome {
        let outcome: Outcome =
            switch purpose {
            // The ring refuses what these keys signed or sealed, and nothing in the database stands on them.
            case .signing(.tokens), .secret(.form): .nothing
            case .signing(.events): try await handOverTheTrail(from: ids, at: ending.at)
            case .secret(.refresh): .ended(sessions: try await endSessions(on: ids, ending))
            case .secret(.code): .voided(codes: try await store.write { try $0.codes.voidAll(now: ending.at) })
            case .secret(.sealing): try await sealAnew(from: Set(ids))
            }
        // Last: as long as a record is missing, all of it is done again.
        let ends = ids.map { KeyEnd(purpose: purpose.name, id: $0) }
        try await store.write { try $0.audit.append(putOutOfUse: ends, at: ending.at) }
        try keys.forgetEnded(purpose)
        return outcome
    }

    /// Writes down where each chain ended when the keys did, and has the new key sign that.
    private func handOverTheTrail(from ids: [String], at now: Timestamp) async throws -> Outcome {
        try await store.write { try $0.audit.append(endOfKeys: ids, at: now) }
        do {
            _ = try await AuditCheckpointSigner(store: store, keys: keys, log: log).signDue(at: now)
        } catch let error as BrokenAuditChain {
            // A trail that somebody changed must not keep the leaked key in use.
            log?.error("no audit checkpoint was signed", metadata: ["error": "\(error)"])
        }
        return .nothing
    }

    /// Ends every session that stands on these keys, by the steps of `revoke --all`; whoever approved with the new key is not
    /// meant.
    private func endSessions(on ids: [String], _ ending: SessionEnding) async throws -> Int {
        var count = 0
        do {
            // What was begun before a kill is gone on with under the name of whoever began it.
            count = try await store.finishEndings(now: ending.at)
        } catch  where !(error is CancellationError) {
            // Another ending that cannot be finished is none of these keys' business.
            log?.error("an end of sessions cannot be finished", metadata: ["error": "\(error)"])
        }
        let keys = Set(ids)
        guard try await store.read({ try $0.refreshKeysInUse() }).contains(where: keys.contains) else { return count }
        let filter = SessionFilter(refreshKeys: ids)
        do {
            return count + (try await store.endSessions(filter, ending).count)
        } catch  where Self.isAboutARow(error) {
            let rest = try await store.endOneByOne(filter, ending)
            guard rest.left.isEmpty else {
                throw UnfinishedKeyReplacement(
                    purpose: .secret(.refresh),
                    reason: "these sessions cannot be ended: \(UnfinishedKeyReplacement.named(rest.left))")
            }
            return count + rest.ended
        }
    }

    /// Whether a row is at fault, and not the disk or a server that stops.
    private static func isAboutARow(_ error: any Error) -> Bool {
        switch error as? StoreError {
        case .failed, .constraint: true
        case nil: !(error is CancellationError)
        default: false
        }
    }

    /// Seals every value anew that an ended key sealed. All sealing happens inside of write transactions, one of which runs at a
    /// time: none that began after the new key became active uses an old one, and none that began before is still running.
    private func sealAnew(from ended: Set<String>) async throws -> Outcome {
        let vault = ConnectionVault(keys: keys)
        var (count, unopened) = (0, [String]())
        for table in SealedValue.Table.allCases {
            var cursor: String? = ""
            while let place = cursor {
                let step = try await store.write { transaction in
                    try Self.sealAnew(table, after: place, ended, vault, transaction)
                }
                count += step.sealed
                unopened += step.unopened
                cursor = step.last
            }
        }
        return .sealedAnew(count, unopened: unopened)
    }

    private struct Step: Sendable {
        var sealed = 0
        /// What did not open, by the names of the rows.
        var unopened: [String] = []
        /// Where the next step begins; nil when there is none.
        var last: String?
    }

    private static func sealAnew(
        _ table: SealedValue.Table, after cursor: String, _ ended: Set<String>, _ vault: ConnectionVault,
        _ transaction: Transaction
    ) throws -> Step {
        let page = try transaction.sealedValues.sealedPage(of: table, after: cursor, limit: step)
        var step = Step(unopened: page.unreadable.map { "a row that does not parse (\($0))" }, last: page.next)
        for value in page.values where Sealing.keyID(of: value.bytes).map(ended.contains) ?? false {
            if let bytes = try vault.sealedAnew(value, in: transaction) {
                try transaction.sealedValues.replace(value, with: bytes)
                step.sealed += 1
            } else {
                step.unopened.append(value.place.name)
            }
        }
        return step
    }
}

/// Why something still stands on keys that were put out of use.
struct UnfinishedKeyReplacement: Error, CustomStringConvertible {
    let purpose: KeyRing.Purpose?
    let reason: String

    var description: String {
        "the \(purpose.map { $0.name + " " } ?? "")keys that were put out of use count for nothing any more, but what stands on "
            + "them is not all ended or made anew: \(reason)"
    }

    /// For the administrator who put them out of use.
    var sentence: String {
        description.prefix(1).uppercased() + description.dropFirst()
            + (description.hasSuffix(".") ? "" : ".") + " It is tried again every minute, and at each start."
    }

    /// The first of some names.
    static func named(_ names: [String]) -> String {
        names.prefix(10).joined(separator: ", ") + (names.count > 10 ? " and \(names.count - 10) more" : "")
    }
}
