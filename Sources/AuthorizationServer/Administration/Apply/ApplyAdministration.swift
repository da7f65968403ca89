import JOSE
import OAuth
import Storage

/// Applies a document of the configuration.
///
/// Everything is one transaction, so that a second document waits for the first, and nothing is half applied. A preview is the same
/// transaction, rolled back: it says exactly what the change would do. Many sessions end in steps after it, as everywhere.
struct ApplyAdministration: AdministrationNoun {
    let task: AdministrationTask

    func apply(_ draft: ApplyDraft) async throws -> AdministrationAnswer {
        let reason = try checkedReason(draft.reason)
        let desired = try DesiredConfiguration(draft.document)
        if draft.prunes { try desired.requireNamesKept() }
        let prepared = try await AppliedProviders(task: task, reason: reason).prepare(desired)
        let (outcome, ended): (AppliedOutcome, EndedSessions)
        do {
            (outcome, ended) = try await store.write { transaction in
                let done = try carryOut(desired, prepared, draft, reason, transaction)
                if draft.isDryRun { throw RolledBackPreview(outcome: done.outcome) }
                return done
            }
        } catch let preview as RolledBackPreview {
            return preview.outcome.answer(sessionsEnded: preview.outcome.ending, isDryRun: true)
        }
        let count = try await store.endRest(of: ended).count
        return outcome.answer(sessionsEnded: Int64(count), isDryRun: false)
    }

    private func carryOut(
        _ desired: DesiredConfiguration, _ prepared: PreparedProviders, _ draft: ApplyDraft, _ reason: String?,
        _ transaction: Transaction
    ) throws -> (outcome: AppliedOutcome, ended: EndedSessions) {
        let before = try ConfigurationExport(transaction: transaction).document()
        var work = AppliedWork(task: task, reason: reason)
        let providers = AppliedProviders(task: task, reason: reason)
        let (changedSecrets, losses) = try providers.identityProviders(
            desired.identityProviders, prepared, isDryRun: draft.isDryRun, transaction)
        try work.groups(desired.groups, transaction)
        try work.resources(desired.resources, withdrawing: draft.prunes, transaction)
        let replaced = try changedSecrets + providers.providers(desired.providers, prepared, transaction)
        try work.clients(desired.clients, transaction)
        try work.rules(desired.rules, transaction)
        if draft.prunes {
            try work.prune(desired, transaction)
            try providers.prune(desired, transaction)
        }
        let after = try ConfigurationExport(transaction: transaction).document()
        let outcome = AppliedOutcome(
            difference: ConfigurationDifference(from: before, to: after), secrets: work.secrets,
            replacedSecrets: replaced + work.replacedSecrets, warnings: work.warnings, losses: losses,
            narrowed: work.narrowed,
            ending: Int64(work.ended.count) + (try transaction.sessions.remaining(of: work.ended, now: now)))
        if let expected = draft.expected, expected != outcome.fingerprint {
            throw AdministrationError(
                .conflict, "The configuration changed since the preview. Nothing was changed; run the command again.")
        }
        return (outcome, work.ended)
    }
}

/// Rolls back the transaction of a preview, and carries its outcome out of it.
private struct RolledBackPreview: Error {
    let outcome: AppliedOutcome
}

/// What applying a document does.
struct AppliedOutcome {
    let difference: ConfigurationDifference
    /// The generated secrets, each with its owner.
    let secrets: [JSONObject]
    /// The owners whose secrets were replaced by those of the document.
    let replacedSecrets: [String]
    let warnings: [String]
    /// What users lose by changed identity providers, in sentences.
    let losses: [String]
    /// The live sessions that lose a scope and keep others.
    let narrowed: Int64
    /// The live sessions that end.
    let ending: Int64

    /// The digest of what a preview shows, by which the change itself is compared with it.
    /// Sessions come and go meanwhile, so that their number is no part of it.
    var fingerprint: String { Digest.sha256(JSON.object(changes).text).base64URL }

    private var changes: JSONObject {
        ["changes": .array(difference.rows), "secrets_replaced": .strings(replacedSecrets)]
    }

    func answer(sessionsEnded: Int64, isDryRun: Bool) -> AdministrationAnswer {
        var row = changes
        row["sessions_narrowed"] = .integer(narrowed)
        row["sessions_ended"] = .integer(sessionsEnded)
        row["other_effects"] = .strings(losses)
        if isDryRun {
            row["fingerprint"] = .string(fingerprint)
        } else {
            row["secrets"] = .array(secrets.map(JSON.object))
        }
        let isUnchanged = difference.entries.isEmpty && replacedSecrets.isEmpty
        let notes = [
            isUnchanged ? "Nothing changes." : nil,
            !isDryRun && !secrets.isEmpty ? "Secrets are shown only once; Gatehouse stores only their digests." : nil,
        ].compactMap(\.self)
        return .one(
            row, note: notes.isEmpty ? nil : notes.joined(separator: " "),
            warning: warnings.isEmpty ? nil : warnings.joined(separator: " "))
    }
}
