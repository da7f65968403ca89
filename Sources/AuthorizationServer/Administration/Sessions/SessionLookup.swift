import OAuth
import Outbound
import Storage

/// Turns the names in a `SessionSelection` into filters of sessions.
struct SessionLookup: AdministrationNoun {
    let task: AdministrationTask

    /// The selection with its names looked up; a name that nobody has is refused instead of matching nothing.
    ///
    /// A pattern of hosts stands for the hosts that sessions have now: one filter for `each`, and none where it covers none.
    func filters(
        _ selection: SessionSelection, _ transaction: Transaction
    ) throws -> (whole: SessionFilter, each: [SessionFilter]) {
        let whole = try filter(selection, transaction)
        guard let pattern = whole.host, pattern.hasPrefix("*") else { return (whole, [whole]) }
        let hosts = try transaction.clientRules.sessions(of: .host(pattern)).compactMap(\.host)
        return (
            whole,
            hosts.map { host in
                var one = whole
                one.host = host
                return one
            }
        )
    }

    private func filter(_ selection: SessionSelection, _ transaction: Transaction) throws -> SessionFilter {
        var filter = SessionFilter()
        filter.ids = try selection.ids.map { text in
            guard let id = SessionID(text) else { throw Self.noSession(text) }
            return id
        }
        filter.user = try selection.user.map { try self.userOrSubject($0, transaction).id }
        filter.client = try selection.client.map { try self.knownClient($0, transaction) }
        filter.host = try selection.host.map(Self.hostName)
        filter.resource = try selection.resource.map { try self.resource($0, transaction).id }
        filter.state = try selection.state.map { text in
            guard let state = Session.State(rawValue: text) else {
                throw AdministrationError(.invalid, "'\(text)' is no state of a session.")
            }
            return state
        }
        filter.idleSince = try selection.idleFor.map { now - (try Self.checkedDisuse($0)) }
        if filter.idleSince != nil, let state = filter.state, state != .approved, state != .active {
            throw AdministrationError(
                .invalid, "Idle is what can still be used; leave the state '\(state)' out, or the time of disuse.")
        }
        return filter
    }

    private func knownClient(_ text: String, _ transaction: Transaction) throws -> ClientID {
        let id = try ClientID(text)
        guard try isKnown(id, transaction) else { throw Self.noClient(id) }
        return id
    }

    /// A host is nobody's to know beforehand, but a URL is none; patterns are those of `clients block`.
    private static func hostName(_ text: String) throws(AdministrationError) -> String {
        let host = text.lowercased()
        if (try? HostPattern(host)) != nil { return host }
        let name = host.prefix { $0 != ":" }
        if UInt16(host.dropFirst(name.count + 1)) != nil, (try? HostPattern(String(name))) != nil {
            throw AdministrationError(
                .invalid, "A host is meant with all its ports: write '\(name)' in place of '\(text)'.")
        }
        throw AdministrationError(
            .invalid, "'\(text)' is no host name, such as 'claude.ai', or '*.claude.ai' for all below one.")
    }
}

extension SessionCursor {
    /// In a list of idle ones the hour stands beside the id: a session that is used meanwhile moves away from its place.
    func text(in filter: SessionFilter) -> String {
        filter.idleSince == nil ? id.string : "\(id.string)@\(position)"
    }

    /// Reads it back; nil for a place that is in no such list.
    init?(parsing text: String, in filter: SessionFilter, _ transaction: Transaction) throws {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard let id = SessionID(parts[0]) else { return nil }
        if filter.idleSince != nil {
            guard parts.count == 2, let hour = Int64(parts[1]) else { return nil }
            self.init(position: hour, id: id)
        } else {
            guard parts.count == 1, let session = try transaction.sessions.find(id) else { return nil }
            self.init(after: session)
        }
    }
}
