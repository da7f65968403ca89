package import JOSE
package import Logging
package import OAuth
package import Storage

/// The work after keys were ended at once: everything that depends on them is revoked, signed or sealed again.
///
/// Each step finds its remaining work in keys and database, so that it can be interrupted anywhere and started again.
package struct KeyReplacement: Sendable {
    /// The number of values that one transaction seals again, so that it does not block other writes for long.
    private static let step = 100

    let store: Store
    let keys: KeyRing
    let log: Logger?

    /// The replacement work for these keys in this database.
    package init(store: Store, keys: KeyRing, log: Logger?) {
        self.store = store
        self.keys = keys
        self.log = log
    }

    /// The result of the work.
    enum Outcome: Sendable {
        case nothing
        case ended(sessions: Int)
        case voided(codes: Int)
        case sealedAnew(Int, unopened: [String])

        /// The number of revoked sessions; nil if the purpose of the keys revokes none.
        var sessionsEnded: Int? { if case .ended(let sessions) = self { sessions } else { nil } }

        var sentence: String {
            switch self {
            case .nothing: "The old keys ended."
            case .ended(let sessions):
                "The old keys ended. Revoked \(KeyReplacementImpact.count(Int64(sessions), "session", "sessions"))."
            case .voided(let codes):
                "The old keys ended. \(KeyReplacementImpact.count(Int64(codes), "code is", "codes are")) now invalid."
            case .sealedAnew(let count, let unopened):
                "The old keys are erased. Sealed \(KeyReplacementImpact.count(Int64(count), "value", "values")) again."
                    + (unopened.isEmpty
                        ? ""
                        : " \(unopened.count) could not be opened before either, and stayed unchanged: "
                            + "\(UnfinishedKeyReplacement.named(unopened)).")
            }
        }
    }

    /// The results of `finish`.
    package struct Finished: Sendable {
        /// The finished work, a sentence for each purpose.
        package fileprivate(set) var done: [String] = []
        /// The failed work, a sentence for each purpose.
        package fileprivate(set) var failures: [String] = []
    }

    /// Finishes work that a killed process or a full disk interrupted, and repeats work that a restored database lacks.
    ///
    /// A failure is logged and does not stop the rest. Nothing accepts an ended key in the meantime, so that a server may start. The
    /// server tries again every minute and at each start.
    @discardableResult
    package func finish(at now: Timestamp) async -> Finished {
        var finished = Finished()
        do {
            for (purpose, ids) in try await unfinished() {
                try await finish(purpose, ids, at: now, into: &finished)
            }
        } catch is CancellationError {
            // The server stops; the next one continues.
        } catch {
            record(UnfinishedKeyReplacement(purpose: nil, reason: "\(error)"), in: &finished)
        }
        return finished
    }

    private func finish(
        _ purpose: KeyRing.Purpose, _ ids: [String], at now: Timestamp, into finished: inout Finished
    ) async throws {
        // The record of the rotation names the administrator.
        let ending = SessionEnding(
            reason: .revokedByAdmin, initiator: .system, actor: .system,
            explanation: "the refresh keys were ended", at: now)
        do {
            if let outcome = try await keys.replacing({ try await settle(purpose, ids, ending) }) {
                finished.done.append("\(purpose.name): \(outcome.sentence)")
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            record(
                error as? UnfinishedKeyReplacement ?? UnfinishedKeyReplacement(purpose: purpose, reason: "\(error)"),
                in: &finished)
        }
    }

    private func record(_ error: UnfinishedKeyReplacement, in finished: inout Finished) {
        finished.failures.append("\(error)")
        log?.error("replacement of keys is unfinished", metadata: ["error": "\(error)"])
    }

    /// The ended keys on which something may still depend: those that the folder still marks, and those without a record in this
    /// database.
    package func unfinished() async throws -> [(purpose: KeyRing.Purpose, ids: [String])] {
        let affected = KeyRing.Purpose.all.filter { !keys.everEnded($0).isEmpty }
        guard !affected.isEmpty else { return [] }
        let recorded = try await store.read { try $0.audit.keyEnds.times() }
        return affected.compactMap { purpose in
            let ids = Set(keys.ended(purpose)).union(keys.everEnded(purpose).filter { recorded[$0] == nil })
            return ids.isEmpty ? nil : (purpose, ids.sorted())
        }
    }

    /// Revokes, signs or seals again everything that depends on these ended keys, and records that in the trail and the folder.
    func settle(_ purpose: KeyRing.Purpose, _ ids: [String], _ ending: SessionEnding) async throws -> Outcome {
        let outcome: Outcome =
            switch purpose {
            // The key ring rejects what these keys signed or sealed, and nothing in the database depends on them.
            case .signing(.tokens), .signing(.assertions), .secret(.form): .nothing
            case .signing(.events): try await handOverTheTrail(from: ids, at: ending.at)
            case .secret(.refresh): .ended(sessions: try await endSessions(on: ids, ending))
            case .secret(.code): .voided(codes: try await store.write { try $0.codes.voidAll(now: ending.at) })
            case .secret(.sealing): try await sealAnew(from: Set(ids))
            }
        // Last, because a missing record makes the next start repeat all of the work.
        let ends = ids.map { KeyEnd(purpose: purpose.name, id: $0) }
        try await store.write { try $0.audit.keyEnds.append(ends, at: ending.at) }
        try keys.forgetEnded(purpose)
        return outcome
    }

    /// Records the last record of each chain at the end of the keys, and signs that with the new key.
    private func handOverTheTrail(from ids: [String], at now: Timestamp) async throws -> Outcome {
        try await store.write { try $0.audit.keyEnds.append(checkpointKeys: ids, at: now) }
        do {
            _ = try await AuditCheckpointSigner(store: store, keys: keys, log: log).signDue(at: now)
        } catch let error as BrokenAuditChain {
            // A manipulated trail must not keep the leaked key in use.
            log?.error("no audit checkpoint was signed", metadata: ["error": "\(error)"])
        }
        return .nothing
    }

    /// Revokes every session whose refresh tokens depend on these keys, in the steps of `revoke --all`. Sessions of the new key
    /// stay.
    private func endSessions(on ids: [String], _ ending: SessionEnding) async throws -> Int {
        var count = 0
        do {
            // A revocation that a kill interrupted continues under the name of its own administrator.
            count = try await store.finishEndings(now: ending.at)
        } catch  where !(error is CancellationError) {
            // The failure of another revocation does not concern these keys.
            log?.error("an interrupted revocation of sessions cannot be finished", metadata: ["error": "\(error)"])
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
                    reason: "these sessions cannot be revoked: \(UnfinishedKeyReplacement.named(rest.left))")
            }
            return count + rest.ended
        }
    }

    /// Whether the error concerns a row, and not the disk or a stopping server.
    private static func isAboutARow(_ error: any Error) -> Bool {
        switch error as? StoreError {
        case .failed, .constraint: true
        case nil: !(error is CancellationError)
        case .missing, .locked, .permissions, .newerSchema, .foreign, .clockSteppedBack, .busy, .diskFull, .closed:
            false
        }
    }

    /// Seals every value of an ended key with the new one. Sealing happens only in write transactions, which run one at a time, so
    /// that no transaction that still uses an old key can follow.
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
        /// The names of the values that do not open.
        var unopened: [String] = []
        /// The cursor of the next step; nil after the last one.
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
                step.unopened.append("\(value.place)")
            }
        }
        return step
    }
}

/// Why something still depends on ended keys.
struct UnfinishedKeyReplacement: Error, CustomStringConvertible {
    let purpose: KeyRing.Purpose?
    let reason: String

    var description: String {
        "the \(purpose.map { $0.name + " " } ?? "")keys ended and are no longer accepted, but something in the database still "
            + "depends on them: \(reason)"
    }

    /// The error for the administrator who ended the keys.
    var sentence: String {
        description.prefix(1).uppercased() + description.dropFirst()
            + (description.hasSuffix(".") ? "" : ".") + " The server tries again every minute and at each start."
    }

    /// The first ten names, and the number of the others.
    static func named(_ names: [String]) -> String {
        names.prefix(10).joined(separator: ", ") + (names.count > 10 ? " and \(names.count - 10) more" : "")
    }
}
