import JOSE
import Synchronization

/// Whether the ends of sessions reach this process, so that a token that is good by itself need not be asked about.
///
/// An end that came before this process listened is not known here. So a token counts as covered when it was issued after
/// the listening began and events arrive now; of any other the authorization server is asked.
final class EventCoverage: Sendable {
    /// How far the two clocks may differ at least.
    private static let margin: Int64 = 60
    /// Seconds for which an answer to a poll vouches that events arrive: longer than one is held.
    private static let pollFresh: Int64 = 45
    /// Seconds without an answer after which polling begins from nothing: events are not kept for ever.
    private static let pollGap: Int64 = 86_400
    /// Seconds after which the end of a session that still waits to be pushed says that pushing does not work.
    private static let pushSlack: Int64 = 10

    private struct Polling {
        var since: Int64
        var answeredAt: Int64
    }

    private let startedAt: Int64
    private let margin: Int64
    private let polling = Mutex<Polling?>(nil)
    private let status: CachedDocument<EventStatus>

    init(_ authority: ElicitationAuthority) {
        startedAt = authority.clock()
        margin = max(Self.margin, authority.allowedSkew)
        status = CachedDocument(fresh: 30, stale: 60) { () throws(DocumentFailure) in
            do throws(ElicitationError) {
                return EventStatus(try await authority.ask(.get, "/events/status"))
            } catch {
                throw DocumentFailure(error.description)
            }
        }
    }

    /// Whether an end of a token's session would be known here by now.
    func covers(issuedAt: Int64, now: Int64) async -> Bool {
        guard let since = await since(now) else { return false }
        return since + margin < issuedAt
    }

    /// Notes that a poll was answered and that nothing more waited.
    func polled(at now: Int64) {
        polling.withLock { polling in
            let isUnbroken = polling.map { now - $0.answeredAt < Self.pollGap } ?? false
            polling = Polling(since: isUnbroken ? polling?.since ?? now : now, answeredAt: now)
        }
    }

    /// Since when every end arrives; nil while that is not known.
    private func since(_ now: Int64) async -> Int64? {
        if let polling = polling.withLock({ $0 }) {
            return (0..<Self.pollFresh).contains(now - polling.answeredAt) ? polling.since : nil
        }
        guard let status = try? await status.current(at: now), status.isPushed else { return nil }
        if let waiting = status.waitingSince, now - waiting >= Self.pushSlack { return nil }
        return max(startedAt, status.since ?? startedAt)
    }
}

/// What the authorization server says about the way of this MCP server's events.
struct EventStatus: Sendable {
    /// Whether they are pushed to an endpoint that has shown that it wants them.
    let isPushed: Bool
    let since: Int64?
    /// Since when the end of a session waits.
    let waitingSince: Int64?

    init(_ answer: JSONObject) {
        isPushed = answer["delivery"] == "push" && answer["status"] == "enabled"
        since = answer["since"]?.integer.map(Self.bounded)
        waitingSince = answer["waiting_since"]?.integer.map(Self.bounded)
    }

    /// A moment that can be reckoned with: from 1970 to the end of the year 9999.
    private static func bounded(_ moment: Int64) -> Int64 { min(max(moment, 0), 253_402_300_799) }
}
