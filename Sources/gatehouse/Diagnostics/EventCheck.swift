import AuthorizationServer
import OAuth
import Storage

/// Whether events reach the MCP servers that want them.
struct EventCheck {
    let store: Store
    let paused: [ResourceID: Timestamp]

    private static let mostDead = 1000

    func findings() async -> [Finding] {
        do {
            return try await store.read { [paused] transaction in
                let pushed = try transaction.resources.list().filter { $0.eventsEndpoint != nil }
                let endpoints = try pushed.compactMap { resource in
                    try Self.judge(resource, try transaction.eventStreams.find(of: resource.id), paused[resource.id])
                }
                let dead = try transaction.events.list(state: .dead, limit: Self.mostDead).count
                let good = Finding(
                    "events", .ok, "\(pushed.count) MCP servers have their events pushed, and none has trouble.")
                return (endpoints.isEmpty ? [good] : endpoints) + Self.left(dead)
            }
        } catch {
            return [Finding("events", .problem, Sentence.of(error))]
        }
    }

    private static func judge(_ resource: Resource, _ stream: EventStream?, _ pause: Timestamp?) throws -> Finding? {
        let name = resource.identifier.string
        let cause = stream?.lastError.map { " (\($0))" } ?? stream?.lastStatus.map { " (status \($0))" } ?? ""
        if let stream, stream.state == .disabled, stream.endpoint == resource.eventsEndpoint {
            return Finding(
                "events", .problem,
                "Nothing is sent to \(name): its events endpoint is disabled\(cause); mend it, and name it again by "
                    + "'gatehouse resources policy'.")
        }
        if let pause {
            return Finding(
                "events", .warning,
                "The events endpoint of \(name) is in trouble\(cause); it is tried again at \(pause).")
        }
        guard let stream, stream.state == .unverified, stream.attempts > 0 else { return nil }
        return Finding(
            "events", .warning, "The events endpoint of \(name) has not shown that it wants events\(cause).")
    }

    private static func left(_ dead: Int) -> [Finding] {
        guard dead > 0 else { return [] }
        let count = dead >= mostDead ? "at least \(dead)" : "\(dead)"
        return [
            Finding(
                "events", .warning,
                "\(count) events were given up; see 'gatehouse events list', and 'gatehouse events retry ID'.")
        ]
    }
}
