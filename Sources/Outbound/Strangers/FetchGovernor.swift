import NIOCore

/// Limits fetches, so that strangers cannot attack other hosts through the fetcher and no user exhausts the budget of all: one
/// concurrent fetch per URL, few in total, few a minute per host, few a minute from hosts that never delivered. One user has a
/// share of each limit. A document that was valid before, or whose client has sessions, has a limit of its own, so that other
/// requests cannot block it.
actor FetchGovernor {
    typealias Outcome = Result<FetchedDocument, OutboundFailure>

    /// The counters of fetches.
    private enum Key: Hashable {
        case document(RemoteURL)
        case host(HostPort)
        case hostBy(HostPort, String)
        case newHosts
        case newHostsBy(String)
    }

    private static let rememberedKeys = 4_096

    private let budget: FetchBudget
    private let now: @Sendable () -> NIODeadline
    private var flights: [RemoteURL: Task<Outcome, Never>] = [:]
    private var flightsBy: [String: Int] = [:]
    private var running = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var starts: [Key: [NIODeadline]] = [:]

    /// The number of calls that shared another call's fetch.
    private(set) var coalesced = 0

    init(budget: FetchBudget, now: @escaping @Sendable () -> NIODeadline) {
        self.budget = budget
        self.now = now
    }

    /// Runs a fetch, or joins the running one for this URL.
    func run(
        _ url: RemoteURL, for claim: FetchClaim = .anonymous, _ fetch: @escaping @Sendable () async -> Outcome
    ) async -> Outcome {
        // Joining a running fetch costs no budget.
        if let flight = flights[url] {
            coalesced += 1
            return await flight.value
        }
        guard flights.count < budget.inFlight + budget.waiting,
            claim.askers.allSatisfy({ flightsBy[$0, default: 0] < budget.inFlightShare })
        else { return .failure(.busy) }
        guard admit(url, claim) else { return .failure(.overBudget(host: url.host)) }
        let flight = Task { await withSlot(fetch) }
        flights[url] = flight
        for asker in claim.askers { flightsBy[asker, default: 0] += 1 }
        let outcome = await flight.value
        flights[url] = nil
        for asker in claim.askers { land(asker) }
        return outcome
    }

    private func land(_ asker: String) {
        let rest = flightsBy[asker, default: 1] - 1
        flightsBy[asker] = rest > 0 ? rest : nil
    }

    private func withSlot(_ fetch: @Sendable () async -> Outcome) async -> Outcome {
        if running < budget.inFlight {
            running += 1
        } else {
            // A finishing fetch passes its slot on, so the count stays.
            await withCheckedContinuation { waiting.append($0) }
        }
        let outcome = await fetch()
        if waiting.isEmpty { running -= 1 } else { waiting.removeFirst().resume() }
        return outcome
    }

    private func admit(_ url: RemoteURL, _ claim: FetchClaim) -> Bool {
        let time = now()
        let oldest = time - budget.window
        // Expired counters are dropped only when memory grows, because the scan is linear.
        if starts.count >= Self.rememberedKeys {
            starts = starts.filter { entry in entry.value.contains { $0 > oldest } }
        }
        let bounds = bounds(of: url, claim).map { key, most in
            (key: key, recent: (starts[key] ?? []).filter { $0 > oldest }, most: most)
        }
        // Counted only if every limit permits it: a refused fetch must not consume anyone's share.
        guard bounds.allSatisfy({ $0.recent.count < $0.most }) else { return false }
        for bound in bounds { starts[bound.key] = bound.recent + [time] }
        return true
    }

    private func bounds(of url: RemoteURL, _ claim: FetchClaim) -> [(Key, Int)] {
        guard claim.standing != .knownDocument else { return [(.document(url), budget.perDocument)] }
        var bounds: [(Key, Int)] = [(.host(url.hostPort), budget.perHost)]
        bounds += claim.askers.map { (.hostBy(url.hostPort, $0), budget.perHostShare) }
        guard claim.standing == .newHost else { return bounds }
        bounds.append((.newHosts, budget.newHosts))
        return bounds + claim.askers.map { (.newHostsBy($0), budget.newHostsShare) }
    }
}
