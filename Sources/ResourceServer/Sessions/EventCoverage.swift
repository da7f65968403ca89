import JOSE
import Synchronization

/// Whether events of ended sessions reach this process, so that a valid token needs no introspection.
///
/// A session that ended before this process received events is unknown here. So a token is covered only if it was issued after
/// reception started and events arrive now; any other token needs introspection.
final class EventCoverage: Sendable {
    /// The least tolerated difference of the two clocks, in seconds.
    private static let margin: Int64 = 60
    /// Seconds for which a poll's response proves that events arrive; longer than a long poll.
    private static let pollFresh: Int64 = 45
    /// Seconds without a response after which coverage starts anew: the authorization server does not keep events for ever.
    private static let pollGap: Int64 = 86_400
    /// Seconds after which an undelivered event means that pushing fails.
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

    /// Whether this process would know by now if the token's session had ended.
    func covers(issuedAt: Int64, now: Int64) async -> Bool {
        guard let since = await since(now) else { return false }
        return since + margin < issuedAt
    }

    /// Records a poll whose response was complete.
    func polled(at now: Int64) {
        polling.withLock { polling in
            let isUnbroken = polling.map { now - $0.answeredAt < Self.pollGap } ?? false
            polling = Polling(since: isUnbroken ? polling?.since ?? now : now, answeredAt: now)
        }
    }

    /// The time since which every event has arrived; nil if unknown.
    private func since(_ now: Int64) async -> Int64? {
        if let polling = polling.withLock({ $0 }) {
            return (0..<Self.pollFresh).contains(now - polling.answeredAt) ? polling.since : nil
        }
        guard let status = try? await status.current(at: now), status.isPushed else { return nil }
        if let waiting = status.waitingSince, now - waiting >= Self.pushSlack { return nil }
        return max(startedAt, status.since ?? startedAt)
    }
}

/// The status of this MCP server's event stream, as the authorization server reports it.
struct EventStatus: Sendable {
    /// Whether events are pushed to a verified endpoint.
    let isPushed: Bool
    let since: Int64?
    /// The time since which an event waits for delivery.
    let waitingSince: Int64?

    init(_ answer: JSONObject) {
        isPushed = answer["delivery"] == "push" && answer["status"] == "enabled"
        since = answer["since"]?.integer.map(Self.bounded)
        waitingSince = answer["waiting_since"]?.integer.map(Self.bounded)
    }

    /// Clamps a time to the years 1970 to 9999, so that arithmetic cannot overflow.
    private static func bounded(_ moment: Int64) -> Int64 { min(max(moment, 0), 253_402_300_799) }
}
