package import JOSE
import OAuth
import Storage

/// Takes down what an MCP server reports about the moments that change who is acting. It is evidence of what that server
/// said, kept in a chain of its own, and satisfies no policy.
package struct CheckpointEndpoint: Sendable {
    let store: Store
    let authentication: ResourceAuthentication
    let subjects: SubjectTokens
    let clock: WallClock

    /// Records a report about the session of the person whose token comes with it.
    package func record(_ body: [UInt8], authorization: String?) async throws -> JSON {
        let now = clock.now()
        let asker = try await authentication.identify(authorization)
        let report = try CheckpointReport(json: ElicitationEndpoint.object(body))
        let claims = subjects.claims(of: report.subjectToken, now: now)
        let verdict = try await store.write { transaction -> ReportVerdict? in
            guard let session = try subjects.session(of: claims, for: asker, in: transaction, now: now) else {
                return nil
            }
            return try transaction.audit.report(ReportedEntry(report, of: session, at: now))
        }
        switch verdict {
        case .recorded(let record):
            return [
                "recorded_at": .string(now.rfc3339), "evidence": "reported",
                "initiator": .string(record.entry.initiator.rawValue), "record": .string(record.hash.base64URL),
            ]
        case .overQuota: throw authentication.observed(Self.overQuota)
        case nil: throw authentication.observed(ElicitationEndpoint.noPerson)
        }
    }

    private static let overQuota = OAuthError(
        .tooManyRequests, "This MCP server has reported as much as is recorded in an hour; report again later.")
}

extension ResourceAuthentication {
    /// The refusal, after the observer learned of it.
    func observed(_ error: OAuthError) -> OAuthError {
        observer.observe(.refused(error))
        return error
    }
}

extension ReportedEntry {
    /// The report as it is recorded. The initiator is who acts from that moment on: what was approved goes on as the model
    /// wrote it; whoever edits, rejects or answers is a human; a question alone is the MCP server's doing.
    fileprivate init(_ report: CheckpointReport, of session: SessionGrant, at now: Timestamp) {
        let tool = report.tool.map { ["tool \($0)"] } ?? []
        switch report.moment {
        case .sampling(let review, let model):
            let told = tool + (model.map { ["model \($0)"] } ?? [])
            self.init(
                .samplingReviewed, at: now, of: session, reason: review.rawValue,
                initiator: review == .approved ? .model : .human, explanation: Self.line(told))
        case .form(let missing, let reply, let path):
            let told =
                tool + ["missing \(missing.joined(separator: " "))"] + (path.map { ["path \($0)"] } ?? [])
            self.init(
                .formAsked, at: now, of: session, reason: reply?.rawValue ?? "asked",
                initiator: reply == nil ? .server : .human, explanation: Self.line(told))
        }
    }

    private static func line(_ told: [String]) -> String? { told.isEmpty ? nil : told.joined(separator: "; ") }
}
