extension AdministrationRequest {
    /// Whether it takes something away that a database from before it would give back. The audit trail is signed at once then:
    /// such a database is recognised by the checkpoint that it lacks.
    package var takesAway: Bool {
        switch self {
        case .sessions(.revoke), .users(.disable), .users(.setPassword), .clients(.block), .clients(.remove),
            .resources(.policy), .resources(.rotateSecret), .resources(.remove), .connections(.revoke),
            .providers(.remove), .keys(.replace):
            true
        default: false
        }
    }
}

extension Administration {
    /// Runs one request for the command line, and signs the audit trail behind one that takes something away.
    ///
    /// What was asked for is done, whether it could be signed or not; the answer warns of the latter.
    package func runAndSign(
        _ request: AdministrationRequest, by administrator: Administrator
    ) async throws(AdministrationError) -> AdministrationAnswer {
        let answer = try await run(request, by: administrator)
        guard request.takesAway, let keys else { return answer }
        let notary = AuditCheckpointSigner(store: store, keys: keys, log: log)
        return answer.warning(also: await notary.signAllOrSay(at: clock.now()))
    }
}

extension AdministrationAnswer {
    /// The same, with one more thing that even a program must be told.
    func warning(also sentence: String?) -> AdministrationAnswer {
        guard let sentence else { return self }
        return AdministrationAnswer(
            shape: shape, rows: rows, note: note,
            warning: [warning, sentence].compactMap(\.self).joined(separator: "\n"), next: next)
    }
}

/// A file that was written beside the database for whoever asked; who takes it deletes it.
package struct AdministrationFile: Sendable {
    /// Where it lies.
    package let path: String
    /// What could not be done besides; a server's log says it as well.
    package let warning: String?
}
