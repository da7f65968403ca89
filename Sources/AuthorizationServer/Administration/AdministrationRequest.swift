import Foundation
import JOSE

/// One thing that an operator asks of Gatehouse, the same over the admin socket and directly on the database.
package enum AdministrationRequest: Codable, Hashable, Sendable {
    /// About accounts of people.
    case users(UserRequest)
    /// About MCP servers.
    case resources(ResourceRequest)
    /// About clients.
    case clients(ClientRequest)
    /// About sessions.
    case sessions(SessionRequest)
    /// About elicitations.
    case elicitations(ElicitationsRequest)
    /// About work that goes on without a client.
    case jobs(JobsRequest)
    /// About events on their way to MCP servers.
    case events(EventRequest)
    /// About third parties at which people have accounts.
    case providers(ProviderRequest)
    /// About accounts that people connected.
    case connections(ConnectionRequest)
    /// About keys.
    case keys(KeyRequest)
    /// About the audit trail.
    case audit(AuditRequest)
    /// What lives at each MCP server, for an access review.
    case report(ReportRequest)
    /// About the database itself.
    case database(DatabaseRequest)
    /// About how things are going.
    case doctor(DoctorRequest)
    /// Counts the live sessions that a request would end if it were made now, and shows the newest; nothing is ended.
    indirect case preview(AdministrationRequest)
}

/// What can be asked about accounts; a password travels as its hash alone.
package enum UserRequest: Codable, Hashable, Sendable {
    /// Makes an account.
    case add(name: String, email: String?, passwordHash: String)
    /// Names accounts, by name.
    case list(PageRequest = PageRequest())
    /// Locks an account and ends its sessions.
    case disable(name: String, reason: String? = nil)
    /// Unlocks an account.
    case enable(name: String)
    /// Replaces the password of an account, and ends its sessions if that is wanted.
    case setPassword(name: String, passwordHash: String, endSessions: Bool = false)
}

/// What can be asked about MCP servers.
package enum ResourceRequest: Codable, Hashable, Sendable {
    /// Registers an MCP server.
    case add(ResourceDraft)
    /// Names registered MCP servers, by name.
    case list(PageRequest = PageRequest())
    /// Describes one, by its id or its identifier.
    case show(String)
    /// Shows what one may do and where its events go, after changing what is named.
    case policy(String, PolicyChange, reason: String? = nil)
    /// Gives one a new secret; the old one stops at once.
    case rotateSecret(String)
    /// Removes one and ends its sessions.
    case remove(String, reason: String? = nil)
}

/// An MCP server as an operator describes it.
package struct ResourceDraft: Codable, Hashable, Sendable {
    /// A scope that the MCP server knows.
    package struct Scope: Codable, Hashable, Sendable {
        /// The word on the wire.
        package var name: String
        /// What the person reads.
        package var description: String
        /// Whether it is granted only to a client that names it.
        package var onRequest: Bool

        /// A scope with its description.
        package init(name: String, description: String, onRequest: Bool) {
            self.name = name
            self.description = description
            self.onRequest = onRequest
        }
    }

    /// The resource identifier, as the MCP server spells it.
    package var identifier: String
    /// What people call it.
    package var name: String
    /// Who answers for it.
    package var owner: String
    /// The scopes it knows, in the order they are shown.
    package var scopes: [Scope]
    /// What these scopes reach.
    package var reach: ScopeChanges
    /// Where its events are pushed, if it takes them so.
    package var eventsEndpoint: String?

    /// A description without scopes unless they are named.
    package init(
        identifier: String, name: String, owner: String, scopes: [Scope] = [], reach: ScopeChanges = ScopeChanges(),
        eventsEndpoint: String? = nil
    ) {
        self.identifier = identifier
        self.name = name
        self.owner = owner
        self.scopes = scopes
        self.reach = reach
        self.eventsEndpoint = eventsEndpoint
    }
}

/// What can be asked about clients.
package enum ClientRequest: Codable, Hashable, Sendable {
    /// Registers a client by hand.
    case add(ClientDraft)
    /// Names registered clients, known documents and rules about others, each by id.
    case list(PageRequest = PageRequest())
    /// Describes one client.
    case show(String)
    /// Lets a host's clients, or one client, come; wins over the configuration's lists.
    case allow(String)
    /// Keeps a host's clients, or one client, out and ends their sessions; wins over every allowance.
    case block(String, reason: String? = nil)
    /// Names the rules about clients and hosts.
    case rules(PageRequest = PageRequest())
    /// Forgets what was decided about a client or a host, so that the configuration decides again.
    case removeRule(String, reason: String? = nil)
    /// Has a client's document fetched anew at its next use.
    case refresh(String)
    /// Removes a registered client, or forgets a document, and ends its sessions.
    case remove(String, reason: String? = nil)
}

/// A client as an operator describes it.
package struct ClientDraft: Codable, Hashable, Sendable {
    /// The identifier; a random one when none is wished.
    package var id: String?
    /// What people read on the consent page.
    package var name: String
    /// Where answers may go.
    package var redirectURIs: [String]
    /// How the client proves itself at the token endpoint.
    package var authMethod: String
    /// The MCP servers it may ask for, by identifier; none named means any.
    package var resources: [String]
    /// Schemes of its own in its redirects that no list knows and the administrator vouches for.
    package var ownSchemes: [String]

    /// A description of a client.
    package init(
        id: String?, name: String, redirectURIs: [String], authMethod: String, resources: [String],
        ownSchemes: [String] = []
    ) {
        self.id = id
        self.name = name
        self.redirectURIs = redirectURIs
        self.authMethod = authMethod
        self.resources = resources
        self.ownSchemes = ownSchemes
    }
}

/// What can be asked about sessions.
package enum SessionRequest: Codable, Hashable, Sendable {
    /// Names the sessions that match, the newest first; of idle ones the longest unused first.
    case list(SessionSelection, page: PageRequest = PageRequest())
    /// Describes one session.
    case show(String)
    /// Counts the live sessions that match and shows the newest of them; nothing is ended.
    case preview(SessionSelection)
    /// Ends every session that matches.
    case revoke(SessionSelection, reason: String?)
}

/// Which sessions are meant; what is not said does not narrow.
package struct SessionSelection: Codable, Hashable, Sendable {
    /// These sessions alone.
    package var ids: [String]
    /// Those of a person, by name or subject.
    package var user: String?
    /// Those of a client.
    package var client: String?
    /// Those of clients whose documents lie on a host.
    package var host: String?
    /// Those at an MCP server, by id or identifier.
    package var resource: String?
    /// Those in a state.
    package var state: String?
    /// Those that can still be used and were not for so many seconds.
    package var idleFor: Int64?

    /// A selection that does not narrow unless told to.
    package init(
        ids: [String] = [], user: String? = nil, client: String? = nil, host: String? = nil, resource: String? = nil,
        state: String? = nil, idleFor: Int64? = nil
    ) {
        self.ids = ids
        self.user = user
        self.client = client
        self.host = host
        self.resource = resource
        self.state = state
        self.idleFor = idleFor
    }
}

/// What an access review asks.
package struct ReportRequest: Codable, Hashable, Sendable {
    /// Only the MCP servers of one accountable name.
    package var owner: String?
    /// From how many seconds of disuse on a session counts as idle.
    package var idleFor: Int64

    /// A review of all owners unless one is named.
    package init(owner: String? = nil, idleFor: Int64) {
        self.owner = owner
        self.idleFor = idleFor
    }
}

/// What can be asked about keys.
package enum KeyRequest: Codable, Hashable, Sendable {
    /// Names all keys, never their contents.
    case list
    /// Makes a new key for a purpose; without one, for tokens.
    case rotate(purpose: String?)
    /// Says what it would cost to put the keys of a purpose out of use now; nothing is changed.
    case weigh(purpose: String)
    /// Puts the keys of a purpose out of use at once and makes a new one.
    case replace(purpose: String, reason: String?)
}

/// What can be asked about the database.
package enum DatabaseRequest: Codable, Hashable, Sendable {
    /// Checks pages, references and the audit chain.
    case check
    /// Copies the whole database; its answer is the copy itself.
    case backup
}

/// The versioned form in which a request travels over the admin socket.
package struct AdministrationMessage: Codable, Hashable, Sendable {
    /// The only version there is.
    package static let currentVersion = 1

    /// Which version of this form it is.
    package var version: Int
    /// Who asks, as `SUDO_USER` claims it; the socket proves only the uid.
    package var claimed: String?
    /// The data that the request is meant for; a server with other data refuses it.
    package var data: DataFolder?
    /// What is asked.
    package var request: AdministrationRequest

    /// A message in the present version.
    package init(_ request: AdministrationRequest, claimed: String?, data: DataFolder? = nil) {
        version = Self.currentVersion
        self.claimed = claimed
        self.data = data
        self.request = request
    }

    /// Reads a message; another version or another shape is refused with a sentence.
    package init(parsing bytes: [UInt8]) throws(AdministrationError) {
        let decoder = JSONDecoder()
        let data = Data(bytes)
        guard let version = (try? decoder.decode(Version.self, from: data))?.version else {
            throw AdministrationError(.invalid, "The message is not an administration request.")
        }
        guard version == Self.currentVersion else {
            throw AdministrationError(
                .invalid,
                "The server speaks version \(Self.currentVersion) of administration, not \(version); "
                    + "use the gatehouse command of the server's own version.")
        }
        guard let message = try? decoder.decode(Self.self, from: data), message.says(all: bytes) else {
            throw AdministrationError(
                .invalid,
                "The server does not know this request; use the gatehouse command of the server's own version.")
        }
        self = message
    }

    /// Whether nothing of what was sent was passed over: a filter that this version does not know would end more sessions
    /// than were meant.
    private func says(all sent: [UInt8]) -> Bool {
        let limits = JSON.Limits(bytes: .max, members: .max)
        guard let sent = try? JSON.parse(sent, limits: limits).canonical(),
            let read = try? JSON.parse(bytes(), limits: limits).canonical()
        else { return false }
        return sent == read
    }

    /// The message as JSON.
    package func bytes() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return [UInt8](try encoder.encode(self))
    }

    private struct Version: Decodable {
        let version: Int
    }
}
