package import JOSE
import OAuth
import Storage

/// Records the checkpoints that MCP servers report: moments at which the acting party changes. A report is evidence
/// only of what the MCP server said. It stands in a chain of its own and satisfies no policy.
package struct CheckpointEndpoint: Sendable {
    private enum Outcome: Sendable {
        case judged(ReportVerdict)
        case refused(OAuthError)
    }

    let store: Store
    let authentication: ResourceAuthentication
    let subjects: SubjectTokens
    let clock: WallClock

    /// Records a report about the session of the subject token.
    package func record(_ body: [UInt8], authorization: String?) async throws -> JSON {
        let now = clock.now()
        let resource = try await authentication.identify(authorization)
        let report = try CheckpointReport(json: JSONObject(requestBody: body))
        let claims = subjects.claims(of: report.subjectToken, now: now)
        let outcome = try await store.write { transaction -> Outcome in
            guard let session = try subjects.session(of: claims, for: resource, in: transaction, now: now) else {
                return .refused(SubjectTokens.invalid)
            }
            // Every checkpoint says what a user was asked or did.
            guard session.user != nil else { return .refused(SubjectTokens.noUser) }
            return .judged(try transaction.audit.reports.append(ReportedEntry(report, of: session, at: now)))
        }
        switch outcome {
        case .judged(.recorded(let record)):
            return [
                "recorded_at": .string(now.rfc3339), "evidence": "reported",
                "initiator": .string(record.entry.initiator.rawValue), "record": .string(record.hash.base64URL),
            ]
        case .judged(.overQuota): throw authentication.observed(Self.overQuota)
        case .refused(let error): throw authentication.observed(error)
        }
    }

    private static let overQuota = OAuthError(
        .tooManyRequests, "This MCP server has reached its limit of checkpoints within an hour; try again later.")
}

extension ReportedEntry {
    /// The entry of a report. Its initiator is the party that acts from then on: an approved text goes on as the model
    /// wrote it, an edit, a rejection and an answer are a human's, and a question alone is the MCP server's.
    fileprivate init(_ report: CheckpointReport, of session: SessionGrant, at now: Timestamp) {
        let tool = report.tool.map { ["tool \($0)"] } ?? []
        switch report.moment {
        case .sampling(let review, let model):
            let details = tool + (model.map { ["model \($0)"] } ?? [])
            self.init(
                .samplingReviewed, at: now, of: session, reason: review.rawValue,
                initiator: review == .approved ? .model : .human, explanation: Self.explanation(details))
        case .form(let missing, let reply, let path):
            let details =
                tool + ["missing \(missing.joined(separator: " "))"] + (path.map { ["path \($0)"] } ?? [])
            self.init(
                .formAsked, at: now, of: session, reason: reply?.rawValue ?? "asked",
                initiator: reply == nil ? .server : .human, explanation: Self.explanation(details))
        }
    }

    private static func explanation(_ details: [String]) -> String? {
        details.isEmpty ? nil : details.joined(separator: "; ")
    }
}
