import NIOCore

/// Keeps strangers from using the fetcher against others: one fetch per URL at a time, few at a time in all, few a minute
/// from one host, few a minute from hosts that never delivered.
actor FetchGovernor {
    typealias Outcome = Result<FetchedDocument, OutboundFailure>

    private static let rememberedHosts = 1024

    private let budget: FetchBudget
    private let now: @Sendable () -> NIODeadline
    private var flights: [RemoteURL: Task<Outcome, Never>] = [:]
    private var running = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var starts: [HostPort: [NIODeadline]] = [:]
    private var startsOfNewHosts: [NIODeadline] = []
    private var delivered: Set<HostPort> = []

    /// How many calls shared another's fetch.
    private(set) var coalesced = 0

    init(budget: FetchBudget, now: @escaping @Sendable () -> NIODeadline) {
        self.budget = budget
        self.now = now
    }

    /// Runs a fetch, or joins the one that runs already for this URL.
    func run(_ url: RemoteURL, _ fetch: @escaping @Sendable () async -> Outcome) async -> Outcome {
        if let flight = flights[url] {
            coalesced += 1
            return await flight.value
        }
        guard flights.count < budget.inFlight + budget.waiting else { return .failure(.busy) }
        guard admit(url.hostPort) else { return .failure(.overBudget(host: url.host)) }
        let flight = Task { await withSlot(fetch) }
        flights[url] = flight
        let outcome = await flight.value
        flights[url] = nil
        if case .success = outcome { remember(url.hostPort) }
        return outcome
    }

    private func withSlot(_ fetch: @Sendable () async -> Outcome) async -> Outcome {
        if running < budget.inFlight {
            running += 1
        } else {
            // Whoever ends hands its slot on, so the count stays.
            await withCheckedContinuation { waiting.append($0) }
        }
        let outcome = await fetch()
        if waiting.isEmpty { running -= 1 } else { waiting.removeFirst().resume() }
        return outcome
    }

    private func admit(_ host: HostPort) -> Bool {
        let time = now()
        let oldest = time - budget.window
        let ofHost = (starts[host] ?? []).filter { $0 > oldest }
        startsOfNewHosts.removeAll { $0 <= oldest }
        let isNew = !delivered.contains(host)
        guard ofHost.count < budget.perHost else { return false }
        guard !isNew || startsOfNewHosts.count < budget.newHosts else { return false }
        if starts.count >= Self.rememberedHosts { forget(before: oldest) }
        starts[host] = ofHost + [time]
        if isNew { startsOfNewHosts.append(time) }
        return true
    }

    private func forget(before oldest: NIODeadline) {
        starts = starts.filter { entry in entry.value.contains { $0 > oldest } }
    }

    private func remember(_ host: HostPort) {
        if delivered.count >= Self.rememberedHosts, let other = delivered.first { delivered.remove(other) }
        delivered.insert(host)
    }
}
