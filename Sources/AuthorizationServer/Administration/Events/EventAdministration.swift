import JOSE
import OAuth
import Storage

/// What can be asked about events.
package enum EventRequest: Codable, Hashable, Sendable {
    /// Names those that are kept, the newest first: of an MCP server, by id or identifier, and in a state, if named.
    case list(resource: String?, state: String?, page: PageRequest = PageRequest())
    /// Sends one again that did not arrive, from the start of the schedule.
    case retry(String)
}

/// Events on their way to MCP servers: listed, and sent again.
struct EventAdministration: AdministrationNoun {
    let task: AdministrationTask

    func perform(_ request: EventRequest) async throws -> AdministrationAnswer {
        switch request {
        case .list(let resource, let state, let page): try await listEvents(resource, state, page)
        case .retry(let text): try await retryEvent(text)
        }
    }

    private func listEvents(
        _ resource: String?, _ state: String?, _ request: PageRequest
    ) async throws -> AdministrationAnswer {
        let state = try state.map { text in
            guard let state = EventRecord.State(rawValue: text) else {
                throw AdministrationError(.invalid, "'\(text)' is no state of an event.")
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
            let shut = receivers.values.filter(\.isShut).compactMap(\.identifier).sorted().joined(separator: ", ")
            return .many(rows, note: shut.isEmpty ? nil : Self.shut(shut), warning: page.warning, next: page.next)
        }
    }

    private func retryEvent(_ text: String) async throws -> AdministrationAnswer {
        guard let id = EventID(text) else { throw Self.noEvent(text) }
        return try await store.write { transaction in
            guard let event = try transaction.events.find(id) else { throw Self.noEvent(text) }
            guard try transaction.events.retry(id, now: now) else {
                throw AdministrationError(.conflict, "The event \(id) has arrived; it is not sent again.")
            }
            try audit(transaction, .eventRetried, resource: event.resourceID, reason: id.string)
            let receiver = try EventReceiver(event.resourceID, in: transaction)
            return .one(
                try (transaction.events.find(id) ?? event).row(for: receiver),
                note: receiver.isShut ? receiver.identifier.map(Self.shut) : nil)
        }
    }

    private static func shut(_ resources: String) -> String {
        "Nothing is sent to \(resources): the events endpoint is disabled; name one by 'gatehouse resources policy'."
    }

    private static func noEvent(_ text: String) -> AdministrationError {
        AdministrationError(.notFound, "There is no event '\(text)'; 'gatehouse events list' names them.")
    }
}

/// The MCP server that events are for, and whether they go there.
private struct EventReceiver: Sendable {
    let identifier: String?
    /// It asks for them, or its endpoint has shown that it wants them.
    let isReached: Bool
    /// Nothing is sent there any more.
    let isShut: Bool

    init(_ id: ResourceID, in transaction: Transaction) throws {
        let resource = try transaction.resources.find(id: id)
        let stream = try transaction.eventStreams.find(of: id).flatMap {
            $0.endpoint == resource?.eventsEndpoint ? $0 : nil
        }
        identifier = resource?.identifier.string
        isReached = resource?.eventsEndpoint == nil || stream?.state == .active
        isShut = stream?.state == .disabled
    }
}

extension EventRecord {
    /// The event as operators see it; what it says is between its MCP server and Gatehouse.
    fileprivate func row(for receiver: EventReceiver?) -> JSONObject {
        let isSent = state == .waiting && receiver?.isReached == true
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
    /// What stands behind the last colon or slash of the URI.
    fileprivate var shortName: String {
        rawValue.split(whereSeparator: { $0 == ":" || $0 == "/" }).last.map(String.init) ?? rawValue
    }
}
