import JOSE
import OAuth
import Storage

/// The sessions that a request would revoke, for the confirmation before it.
struct RevocationPreview: AdministrationNoun {
    let task: AdministrationTask

    /// The number of sessions in a preview that precedes a question.
    static let mostShown = 10

    /// The live sessions that the request would revoke now.
    func preview(
        of request: any NounRequest, shown: Int = RevocationPreview.mostShown
    ) async throws -> AdministrationAnswer {
        guard (1...PageRequest.most).contains(shown) else {
            throw AdministrationError(.invalid, "A preview shows 1 to \(PageRequest.most) sessions.")
        }
        return try await store.read { transaction in
            let filters = try request.revokedSessions(task, transaction)
            let counts = try transaction.sessionReports.liveCounts(filters, now: now)
            let newest = try transaction.sessionReports.newestLive(filters, limit: shown, now: now)
            return .many(
                try SessionAdministration(task: task).rows(newest, transaction),
                note: counts.sentence(shown: newest.count))
        }
    }
}

/// The request for a preview of another request. It changes nothing.
struct PreviewRequest: NounRequest {
    let previewed: AdministrationRequest

    var traits: RequestTraits { .long }

    func perform(_ task: AdministrationTask) async throws -> AdministrationAnswer {
        try await RevocationPreview(task: task).preview(of: previewed.noun)
    }
}

extension LiveSessionCounts {
    /// The sentence above the question, which begins with the number of sessions: the command line reads it from there. Nil for
    /// no session.
    fileprivate func sentence(shown: Int) -> String? {
        guard sessions > 0 else { return nil }
        func count(_ number: Int64, _ one: String) -> String { "\(number) \(one)\(number == 1 ? "" : "s")" }
        let scale = [
            count(sessions, "live session"), people == 0 ? nil : "of " + count(people, "user"),
            "with " + count(clients, "client"), "at " + count(resources, "MCP server"),
        ].compactMap(\.self).joined(separator: " ")
        return scale + (sessions > shown ? "; the newest \(shown) are shown." : ".")
    }
}
