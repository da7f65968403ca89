package import OAuth
import Synchronization

/// When each MCP server last authenticated, and when and why it was last refused, since the start of the server.
///
/// It is kept in memory alone, because every introspection changes it. A restart forgets it.
package final class ServerContacts: Sendable {
    /// The latest contacts of one MCP server.
    package struct Contact: Hashable, Sendable {
        /// When it last authenticated; nil if it did not.
        package var provenAt: Timestamp?
        /// Its last refused attempt; nil without one.
        package var refusal: Refusal?
    }

    /// An attempt that named this MCP server and did not prove it. A stranger can make one.
    package struct Refusal: Hashable, Sendable {
        /// When it was.
        package let at: Timestamp
        /// The cause, as in the log.
        package let reason: String
        /// Whether the MCP server has authenticated since.
        package fileprivate(set) var isOver = false
    }

    /// The start of the record.
    package let since: Timestamp
    private let contacts = Mutex<[ResourceID: Contact]>([:])

    /// A bound on memory. Only registered MCP servers are recorded, and no operator registers so many.
    private static let most = 10_000
    /// The longest kept cause, in characters.
    private static let longestReason = 200

    /// An empty record.
    package init(since: Timestamp) {
        self.since = since
    }

    /// The latest contacts of a registered MCP server; empty ones if it did not call.
    package func contact(of id: ResourceID) -> Contact { contacts.withLock { $0[id] } ?? Contact() }

    func recordProof(of id: ResourceID, at now: Timestamp) {
        change(id) { contact in
            contact.provenAt = now
            contact.refusal?.isOver = true
        }
    }

    func recordRefusal(of id: ResourceID, _ error: OAuthError, at now: Timestamp) {
        let reason = String((error.reason ?? error.description).prefix(Self.longestReason))
        change(id) { $0.refusal = Refusal(at: now, reason: reason) }
    }

    private func change(_ id: ResourceID, _ body: (inout Contact) -> Void) {
        contacts.withLock { contacts in
            guard contacts[id] != nil || contacts.count < Self.most else { return }
            body(&contacts[id, default: Contact()])
        }
    }
}
