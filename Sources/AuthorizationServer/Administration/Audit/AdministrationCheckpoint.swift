extension Administration {
    /// Carries out a request for the command line, and signs the audit trail after one that withdraws access.
    ///
    /// A failed signature does not fail the request; the answer contains a warning.
    package func runAndSign(
        _ request: AdministrationRequest, by administrator: Administrator
    ) async throws(AdministrationError) -> AdministrationAnswer {
        let answer = try await run(request, by: administrator)
        guard request.traits.contains(.withdrawsAccess), let keys else { return answer }
        let signer = AuditCheckpointSigner(store: store, keys: keys, log: log)
        return answer.adding(warning: await signer.signAllOrWarning(at: clock.now()))
    }
}

extension AdministrationAnswer {
    /// The answer with a further warning, if there is one.
    func adding(warning sentence: String?) -> AdministrationAnswer {
        guard let sentence else { return self }
        return AdministrationAnswer(
            shape: shape, rows: rows, note: note,
            warning: [warning, sentence].compactMap(\.self).joined(separator: "\n"), next: next)
    }
}

/// A file that a request wrote beside the database. Its receiver deletes it.
package struct AdministrationFile: Sendable {
    /// The path.
    package let path: String
    /// A warning, such as that the audit trail could not be signed; a server logs it too.
    package let warning: String?
}
