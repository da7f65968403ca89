import JOSE
import OAuth
import Storage

extension AdministrationTask {
    func run(_ request: EventRequest) async throws -> AdministrationAnswer {
        switch request {
        case .list(let resource, let state): try await listEvents(resource, state)
        case .retry(let text): try await retryEvent(text)
        }
    }

    private func listEvents(_ resource: String?, _ state: String?) async throws -> AdministrationAnswer {
        let state = try state.map { text in
            guard let state = EventRecord.State(rawValue: text) else {
                throw AdministrationError(.invalid, "'\(text)' is no state of an event.")
            }
            return state
        }
        return try await store.read { transaction in
            let id = try resource.map { try self.resource($0, transaction).id }
            let found = try transaction.events(resource: id, state: state, limit: Self.longestList + 1)
            let rows = try found.prefix(Self.longestList).map { try row($0, transaction) }
            return .many(rows, warning: Self.warning(isPartial: found.count > Self.longestList))
        }
    }

    private func retryEvent(_ text: String) async throws -> AdministrationAnswer {
        guard let id = EventID(text) else { throw Self.noEvent(text) }
        return try await store.write { transaction in
            guard let event = try transaction.event(id) else { throw Self.noEvent(text) }
            guard try transaction.retry(id, now: now) else {
                throw AdministrationError(.conflict, "The event \(id) has arrived; it is not sent again.")
            }
            try audit(transaction, .eventRetried, resource: event.resourceID, reason: id.string)
            return .one(try row(try transaction.event(id) ?? event, transaction))
        }
    }

    /// The event as operators see it; what it says is between its MCP server and Gatehouse.
    private func row(_ record: EventRecord, _ transaction: Transaction) throws -> JSONObject {
        [
            "id": .string(record.event.id.string), "type": .string(record.event.type.shortName),
            "resource": JSON(try transaction.resource(id: record.resourceID)?.identifier.string),
            "elicitation": JSON(record.elicitationID?.string), "session": JSON(record.sessionID?.string),
            "state": .string(record.state.rawValue),
            "attempts": .integer(Int64(record.attempts)), "last_status": JSON(record.lastStatus),
            "last_error": JSON(record.lastError), "created_at": .string(record.event.issuedAt.rfc3339),
            "next_attempt_at": JSON(record.state == .waiting ? record.dueAt : nil),
            "settled_at": JSON(record.settledAt),
        ]
    }

    private static func noEvent(_ text: String) -> AdministrationError {
        AdministrationError(.notFound, "There is no event '\(text)'; 'gatehouse events list' names them.")
    }
}

extension SecurityEventType {
    /// What stands behind the last colon or slash of the URI.
    fileprivate var shortName: String {
        rawValue.split(whereSeparator: { $0 == ":" || $0 == "/" }).last.map(String.init) ?? rawValue
    }
}

extension JSON {
    /// A number, or null.
    init(_ number: Int?) {
        self = number.map { .integer(Int64($0)) } ?? .null
    }
}
