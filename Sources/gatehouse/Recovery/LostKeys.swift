import AuthorizationServer
import JOSE
import OAuth
import Storage

/// What was lost with keys, and how a database goes on without them.
struct LostKeys {
    let store: Store
    let salvage: KeySalvage
    let now: Timestamp
    /// Lost keys that only the database names, because the index is lost too.
    private let unnamed: [(purpose: KeyRing.Purpose, id: String)]

    init(store: Store, salvage: KeySalvage, now: Timestamp) async throws {
        (self.store, self.salvage, self.now) = (store, salvage, now)
        let (readable, lost) = (salvage.readable, Set(salvage.lost.map(\.id)))
        let (refresh, signers) = try await store.read { transaction in
            (
                try transaction.refreshKeysInUse(),
                try transaction.audit.chains().compactMap {
                    try transaction.audit.checkpoints.last(of: $0)?.checkpoint?.kid
                }
            )
        }
        let known = Set((readable.list(at: now.seconds) + readable.past()).map(\.id)).union(lost)
        unnamed =
            refresh.filter { !known.contains($0) }.map { (.secret(.refresh), $0) }
            + Set(signers).subtracting(known).sorted().map { (.signing(.events), $0) }
    }

    /// Whether every key is there.
    var isEmpty: Bool { salvage.lost.isEmpty && unnamed.isEmpty && salvage.emptyPurposes(at: now.seconds).isEmpty }

    /// What is lost and what it costs, a sentence a line.
    func cost() async throws -> [String] {
        let all = salvage.lost + unnamed
        let named = all.map { "\($0.purpose.name) (\($0.id))" }
        let empty = salvage.emptyPurposes(at: now.seconds).map(\.name)
        var lines = [
            "Lost keys: \(named.isEmpty ? "those of \(empty.joined(separator: ", "))" : named.joined(separator: ", "))."
        ]
        let refresh = all.filter { $0.purpose == .secret(.refresh) }.map(\.id)
        let live = try await store.read { [now] transaction in
            try refresh.isEmpty
                ? nil : transaction.sessionReports.liveCounts(SessionFilter(refreshKeys: refresh), now: now)
        }
        lines.append(
            "\(Sentence.count(live?.sessions ?? 0, "live session")) of \(Sentence.count(live?.people ?? 0, "user")) will be revoked; "
                + "their users approve their clients again.")
        if let sealed = try await UnreadableSealedValues.find(in: store, keys: salvage.readable) {
            lines.append(
                "Sealed values that no key opens: \(sealed). Add these providers again, and ask these users to connect again."
            )
        }
        if all.contains(where: { $0.purpose == .signing(.tokens) }) || empty.contains("tokens") {
            lines.append("Access tokens are refused from now on; clients refresh.")
        }
        return lines
            + [
                "If the keys are only encrypted with a passphrase that is not configured, set 'keys_passphrase_file' instead."
            ]
    }

    /// Writes a folder that works, and ends what depended on the lost keys.
    func recover(by administrator: Administrator, reason: String?) async throws -> AdministrationAnswer {
        let lost = (salvage.lost + unnamed).map { "\($0.purpose.name) \($0.id)" }
        _ = try await store.write { [now] transaction in
            try transaction.audit.append(
                AuditEntry(
                    .keyRotated, at: now, actor: .admin(uid: administrator.uid, claimed: administrator.claimed),
                    reason: "keys were lost", initiator: .human, explanation: reason))
        }
        let keys = try salvage.write(unnamed: unnamed, now: now.seconds)
        let finished = await KeyReplacement(store: store, keys: keys, log: nil).finish(at: now)
        let rows: JSONObject = [
            "lost": .strings(lost), "done": .strings(finished.done), "unfinished": .strings(finished.failures),
        ]
        return .one(
            rows,
            note:
                "The keys folder works again. Unreadable files are kept in it as '.lost-…'. Back up the keys now, then start "
                + "the server.",
            warning: finished.failures.isEmpty ? nil : finished.failures.joined(separator: "\n"))
    }
}
