import AuthorizationServer
import OAuth
import Storage

/// Says whether an MCP server authenticates here, and when it last did and failed.
struct ServerContactCheck {
    let resource: Resource
    /// Nil if no server runs.
    let contacts: ServerContacts?

    var findings: [Finding] {
        guard let contacts else {
            return [
                Finding(
                    "authentication", .warning,
                    "No server runs, and only a running server remembers when the MCP server authenticated.")
            ]
        }
        let contact = contacts.contact(of: resource.id)
        return [proof(contact, since: contacts.since), refusal(contact)].compactMap(\.self)
    }

    private func proof(_ contact: ServerContacts.Contact, since: Timestamp) -> Finding {
        if let at = contact.provenAt {
            return Finding("authentication", .ok, "It last authenticated at \(at).")
        }
        return Finding(
            "authentication", .warning,
            "It has not authenticated since this server started at \(since). Give it the ID \(resource.id) and its "
                + "\(resource.keys == nil ? "secret" : "key"), and call one of its tools with a token.")
    }

    private func refusal(_ contact: ServerContacts.Contact) -> Finding? {
        guard let refusal = contact.refusal else { return nil }
        let remedy =
            resource.keys == nil
            ? "Copy the secret again, or create a new one with 'gatehouse resources rotate-secret \(resource.id)'."
            : "Compare its key and the audience of its assertions with what is registered."
        return Finding(
            "authentication", refusal.isOver ? .ok : .problem,
            "A request with its ID was refused at \(refusal.at): \(refusal.reason). "
                + (refusal.isOver ? "It authenticated since then." : remedy))
    }
}

/// Says whether the events for one MCP server arrive.
struct ServerEventCheck: Sendable {
    let store: Store
    let resource: Resource
    let now: Timestamp

    /// The limit for counting events, which bounds the read.
    private static let most = 100
    /// A poll is recorded once an hour, so an older record means that the MCP server stopped.
    private static let pollsLatest: Int64 = 2 * 3600

    func findings() async throws -> [Finding] {
        let (events, waiting, dead) = try await store.read { [resource] transaction in
            (
                try ResourceEvents(of: resource, in: transaction),
                try transaction.events.list(resource: resource.id, state: .waiting, limit: Self.most).count,
                try transaction.events.list(resource: resource.id, state: .dead, limit: Self.most).count
            )
        }
        let delivery = resource.eventsEndpoint.map { push(to: $0, events) } ?? poll
        return [delivery] + queue(waiting: waiting, dead: dead, last: events.lastDelivery)
    }

    private func push(to endpoint: String, _ events: ResourceEvents) -> Finding {
        let failure = events.failure
        let cause = failure?.error.map { " (\($0))" } ?? failure?.status.map { " (status \($0))" } ?? ""
        switch events.stream?.state {
        case .active:
            let since = events.stream?.verifiedAt.map { " since \($0)" } ?? ""
            return Finding("events", .ok, "Its events endpoint \(endpoint) is verified\(since).")
        case .disabled:
            return Finding(
                "events", .problem,
                "Its events endpoint \(endpoint) is disabled\(cause). Repair it, and have it verified with 'gatehouse events "
                    + "verify \(resource.id)'.")
        case .unverified, nil:
            return Finding(
                "events", .problem,
                "Its events endpoint \(endpoint) has not answered the verification event\(cause), so that it gets no events. "
                    + "Return the value of 'state' to /events/verify. 'gatehouse events verify \(resource.id)' sends another event."
            )
        }
    }

    private var poll: Finding {
        guard let polledAt = resource.polledAt else {
            return Finding(
                "events", .warning,
                "It has no events endpoint and has never polled, so that it learns of an end only by introspection. Poll "
                    + "/events/poll, or set an endpoint with 'gatehouse resources policy \(resource.id) --events-endpoint URL'."
            )
        }
        guard now - polledAt <= Self.pollsLatest else {
            return Finding(
                "events", .warning, "It last polled for events at \(polledAt). Check whether its poller still runs.")
        }
        return Finding("events", .ok, "It polls for events.")
    }

    private func queue(waiting: Int, dead: Int, last: Timestamp?) -> [Finding] {
        var findings: [Finding] = []
        if let last { findings.append(Finding("events", .ok, "The newest delivered event was accepted at \(last).")) }
        let isReceiver = resource.eventsEndpoint != nil || resource.polledAt != nil
        if waiting > 0, isReceiver {
            findings.append(Finding("events", .warning, "Events that wait for delivery: \(Self.count(waiting))."))
        }
        if dead > 0 {
            findings.append(
                Finding(
                    "events", .warning,
                    "Undelivered events: \(Self.count(dead)). Send them again with 'gatehouse events retry ID'; 'gatehouse "
                        + "events list --state dead' has the IDs."))
        }
        return findings
    }

    private static func count(_ number: Int) -> String { number < most ? "\(number)" : "at least \(number)" }
}
