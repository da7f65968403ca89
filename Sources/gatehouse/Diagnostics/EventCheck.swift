import AuthorizationServer
import OAuth
import Storage

/// Checks that events reach the MCP servers that receive them by push.
struct EventCheck {
    let store: Store
    let paused: [ResourceID: Timestamp]

    /// The limit for counting undelivered events, which bounds the read.
    private static let mostDead = 1000

    func findings() async -> [Finding] {
        do {
            return try await store.read { [paused] transaction in
                let pushed = try transaction.resources.list().filter { $0.eventsEndpoint != nil }
                let endpoints = try pushed.compactMap { resource in
                    Self.finding(resource, try ResourceEvents(of: resource, in: transaction), paused[resource.id])
                }
                let dead = try transaction.events.list(state: .dead, limit: Self.mostDead).count
                let servers = Sentence.count(pushed.count, "MCP server")
                let ok = Finding("events", .ok, "Events by push: \(servers), without failures.")
                return (endpoints.isEmpty ? [ok] : endpoints) + Self.undelivered(dead)
            }
        } catch {
            return [Finding("events", .problem, Sentence.of(error))]
        }
    }

    /// The finding about one endpoint; nil if it works.
    private static func finding(_ resource: Resource, _ events: ResourceEvents, _ pause: Timestamp?) -> Finding? {
        let name = resource.identifier.string
        let cause = events.failure?.error.map { " (\($0))" } ?? events.failure?.status.map { " (status \($0))" } ?? ""
        if events.stream?.state == .disabled {
            return Finding(
                "events", .problem,
                "The events endpoint of \(name) is disabled\(cause). Repair it, and have it verified with 'gatehouse events "
                    + "verify \(resource.id)'.")
        }
        guard events.stream?.state == .active else {
            guard events.verification?.attempts ?? 0 > 0 else { return nil }
            return Finding(
                "events", .warning,
                "The events endpoint of \(name) has not answered its verification event\(cause). Start the MCP server, and "
                    + "send another with 'gatehouse events verify \(resource.id)'.")
        }
        guard let pause else { return nil }
        let last = events.lastDelivery.map { "The last event arrived at \($0)." } ?? "No event arrived in a week."
        return Finding(
            "events", .warning,
            "The events endpoint of \(name) fails\(cause). The next attempt is at \(pause). \(last)")
    }

    private static func undelivered(_ dead: Int) -> [Finding] {
        guard dead > 0 else { return [] }
        let count = dead >= mostDead ? "at least \(dead)" : "\(dead)"
        return [
            Finding(
                "events", .warning,
                "Undelivered events: \(count). See 'gatehouse events list --state dead', and send them again with "
                    + "'gatehouse events retry ID'.")
        ]
    }
}
