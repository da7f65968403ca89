import OAuth
import Outbound
import Storage

/// Turns the names in a `SessionSelection` into filters of sessions.
struct SessionLookup: AdministrationNoun {
    let task: AdministrationTask

    /// The filters of a selection. An unknown name is an error.
    ///
    /// A pattern of hosts stands for the matching hosts of present sessions, and an owner for the owner's MCP servers, with one
    /// filter for `each`; none if nothing matches.
    func filters(
        _ selection: SessionSelection, _ transaction: Transaction
    ) throws -> (whole: SessionFilter, each: [SessionFilter]) {
        let whole = try filter(selection, transaction)
        var each = [whole]
        if let owner = selection.owner { each = try filters(each, at: owner, transaction) }
        if let pattern = whole.host, pattern.hasPrefix("*") {
            let hosts = try transaction.sessionHosts.filters(coveredBy: .host(pattern)).compactMap(\.host)
            each = each.flatMap { filter in
                hosts.map { host in
                    var one = filter
                    one.host = host
                    return one
                }
            }
        }
        return (whole, each)
    }

    /// One filter for each MCP server of an owner. An unknown owner is an error.
    private func filters(
        _ filters: [SessionFilter], at name: String, _ transaction: Transaction
    ) throws -> [SessionFilter] {
        let owner = try AdministrationText.checked(name, as: "The owner")
        let resources = try transaction.sessionReports.resources(of: owner)
        guard !resources.isEmpty else {
            throw AdministrationError(
                .notFound, "Owner '\(owner)' not found. List owners with 'gatehouse report'.")
        }
        return filters.flatMap { filter in
            resources.compactMap { resource in
                guard filter.resource == nil || filter.resource == resource else { return nil }
                var one = filter
                one.resource = resource
                return one
            }
        }
    }

    private func filter(_ selection: SessionSelection, _ transaction: Transaction) throws -> SessionFilter {
        var filter = SessionFilter()
        filter.ids = try selection.ids.map { text in
            guard let id = SessionID(text) else { throw Self.sessionNotFound(text) }
            return id
        }
        filter.user = try selection.user.map { try self.userOrSubject($0, transaction).id }
        filter.client = try selection.client.map { try self.knownClient($0, transaction) }
        filter.host = try selection.host.map(Self.hostName)
        filter.resource = try selection.resource.map { try self.resource($0, transaction).id }
        filter.state = try selection.state.map { text in
            guard let state = Session.State(rawValue: text) else {
                throw AdministrationError(
                    .invalid, "'\(text)' is not a state of a session: use approved, active, ended or expired.")
            }
            return state
        }
        filter.idleSince = try selection.idleFor.map { now - (try Self.checkedIdleTime($0)) }
        if filter.idleSince != nil, let state = filter.state, state != .approved, state != .active {
            throw AdministrationError(
                .invalid, "Only live sessions can be idle. Omit the state '\(state)' or the idle time.")
        }
        return filter
    }

    private func knownClient(_ text: String, _ transaction: Transaction) throws -> ClientID {
        let id = try ClientID(text)
        guard try isKnown(id, transaction) else { throw Self.clientNotFound(id) }
        return id
    }

    /// A host, known or not, or a pattern as in `clients block`. A URL is an error.
    private static func hostName(_ text: String) throws(AdministrationError) -> String {
        let host = text.lowercased()
        if (try? HostPattern(host)) != nil { return host }
        let name = host.prefix { $0 != ":" }
        if UInt16(host.dropFirst(name.count + 1)) != nil, (try? HostPattern(String(name))) != nil {
            throw AdministrationError(
                .invalid, "A host includes all its ports. Use '\(name)' instead of '\(text)'.")
        }
        throw AdministrationError(
            .invalid,
            "'\(text)' is not a host. Use a name such as 'claude.ai', or '*.claude.ai' for all its subdomains.")
    }
}

extension SessionCursor {
    /// The cursor as text. In a list of idle sessions it contains the hour too, because a session that is used in the meantime
    /// leaves its place in the list.
    func text(in filter: SessionFilter) -> String {
        filter.idleSince == nil ? id.string : "\(id.string)@\(position)"
    }

    /// Parses a cursor; nil for one that is not of this kind of list.
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
