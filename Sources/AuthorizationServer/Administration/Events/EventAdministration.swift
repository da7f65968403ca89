import JOSE
import OAuth
import Storage

/// The requests about events for MCP servers.
package enum EventRequest: Codable, Hashable, Sendable {
    /// Lists events, newest first, optionally those for one MCP server (ID or identifier) or in one state.
    case list(resource: String?, state: String?, page: PageRequest = PageRequest())
    /// Sends an undelivered event again, from the start of the retry schedule.
    case retry(String)
    /// Sends a verification event to an MCP server (ID or identifier).
    case verify(String)
}

extension EventRequest: NounRequest {
    package var traits: RequestTraits {
        switch self {
        case .list: .safeOnRolledBackTrail
        case .retry, .verify: []
        }
    }

    func perform(_ task: AdministrationTask) async throws -> AdministrationAnswer {
        try await EventAdministration(task: task).perform(self)
    }
}

/// The administration of events for MCP servers.
struct EventAdministration: AdministrationNoun {
    let task: AdministrationTask

    func perform(_ request: EventRequest) async throws -> AdministrationAnswer {
        switch request {
        case .list(let resource, let state, let page): try await listEvents(resource, state, page)
        case .retry(let text): try await retryEvent(text)
        case .verify(let name): try await verify(name)
        }
    }

    private func listEvents(
        _ resource: String?, _ state: String?, _ request: PageRequest
    ) async throws -> AdministrationAnswer {
        let state = try state.map { text in
            guard let state = EventRecord.State(rawValue: text) else {
                throw AdministrationError(
                    .invalid, "'\(text)' is not a state of an event: use waiting, delivered or dead.")
            }
            return state
        }
        return try await store.read { transaction in
            let id = try resource.map { try self.resource($0, transaction).id }
            let place = try request.place { text in
                try EventID(text).flatMap { try transaction.events.find($0)?.event.id }
            }
            let page = try Page(
                request, of: "event",
                read: { try transaction.events.list(resource: id, state: state, after: place, limit: $0) },
                place: { $0.event.id.string })
            let receivers = try Dictionary(
                Set(page.items.map(\.resourceID)).map { ($0, try EventReceiver($0, in: transaction)) },
                uniquingKeysWith: { one, _ in one })
            let rows = page.items.map { $0.row(for: receivers[$0.resourceID]) }
            let disabled = receivers.values.filter(\.isDisabled).compactMap(\.identifier).sorted()
            let note = disabled.isEmpty ? nil : Self.disabledNote(disabled.joined(separator: ", "))
            return .many(rows, note: note, warning: page.warning, next: page.next)
        }
    }

    private func retryEvent(_ text: String) async throws -> AdministrationAnswer {
        guard let id = EventID(text) else { throw Self.eventNotFound(text) }
        return try await store.write { transaction in
            guard let event = try transaction.events.find(id) else { throw Self.eventNotFound(text) }
            if event.event.type == .verification {
                try requireLatest(event, in: transaction)
                try transaction.eventStreams.reopen(event.resourceID, now: now)
            }
            guard try transaction.events.retry(id, now: now) else {
                throw AdministrationError(.conflict, "Event '\(id)' was already delivered and is not sent again.")
            }
            try audit(transaction, .eventRetried, resource: event.resourceID, reason: id.string)
            let receiver = try EventReceiver(event.resourceID, in: transaction)
            return .one(
                try (transaction.events.find(id) ?? event).row(for: receiver),
                note: receiver.isDisabled ? receiver.identifier.map(Self.disabledNote) : nil)
        }
    }

    /// Sends a verification event, which also opens an endpoint that was disabled.
    private func verify(_ name: String) async throws -> AdministrationAnswer {
        try await store.write { transaction in
            let resource = try self.resource(name, transaction)
            guard let id = try transaction.eventVerifications.request(of: resource.id, now: now),
                let event = try transaction.events.find(id)
            else { throw AdministrationError(.notFound, "MCP server '\(name)' not found.") }
            try audit(transaction, .eventVerificationRequested, resource: resource.id, reason: id.string)
            let note = resource.eventsEndpoint == nil ? Self.pollNote : Self.pushNote
            return .one(try event.row(for: EventReceiver(resource.id, in: transaction)), note: note)
        }
    }

    /// Refuses to repeat a verification event that a newer one replaced: its value counts no longer.
    private func requireLatest(_ event: EventRecord, in transaction: Transaction) throws {
        guard let latest = try transaction.eventVerifications.latest(of: event.resourceID), latest != event else {
            return
        }
        throw AdministrationError(
            .conflict, "Event '\(event.event.id)' was replaced by the verification event '\(latest.event.id)'.")
    }

    private static let pushNote =
        "The MCP server has to return the event's state. 'gatehouse resources show' tells when it has."
    private static let pollNote = "The MCP server polls; it gets the event with its next poll."

    private static func disabledNote(_ resources: String) -> String {
        "The events endpoint of \(resources) is disabled, and receives nothing. Repair it, and have it verified with "
            + "'gatehouse events verify ID'."
    }

    private static func eventNotFound(_ text: String) -> AdministrationError {
        AdministrationError(.notFound, "Event '\(text)' not found. List events with 'gatehouse events list'.")
    }
}

/// The MCP server that receives events, and the state of its delivery.
private struct EventReceiver: Sendable {
    let identifier: String?
    /// Whether it polls, or its endpoint has confirmed its verification event.
    let isReachable: Bool
    /// Whether its endpoint is disabled, so that nothing is sent.
    let isDisabled: Bool

    init(_ id: ResourceID, in transaction: Transaction) throws {
        let resource = try transaction.resources.find(id: id)
        let stream = try transaction.eventStreams.find(of: id)
        identifier = resource?.identifier.string
        isReachable = resource?.eventsEndpoint == nil || stream?.state == .active
        isDisabled = stream?.state == .disabled
    }
}

extension EventRecord {
    /// The row of an event, without its payload, which is for the MCP server only.
    fileprivate func row(for receiver: EventReceiver?) -> JSONObject {
        let isSent =
            state == .waiting
            && (receiver?.isReachable == true || (event.type == .verification && receiver?.isDisabled == false))
        return [
            "id": .string(event.id.string), "type": .string(event.type.shortName),
            "resource": JSON(receiver?.identifier), "elicitation": JSON(elicitationID?.string),
            "session": JSON(sessionID?.string), "state": .string(state.rawValue), "attempts": .integer(Int64(attempts)),
            "last_status": JSON(lastStatus),
            "last_error": JSON(lastError), "created_at": .string(event.issuedAt.rfc3339),
            "next_attempt_at": JSON(isSent ? dueAt : nil), "settled_at": JSON(settledAt),
        ]
    }
}

extension SecurityEventType {
    /// The part of the URI after the last colon or slash.
    fileprivate var shortName: String {
        rawValue.split(whereSeparator: { $0 == ":" || $0 == "/" }).last.map(String.init) ?? rawValue
    }
}
