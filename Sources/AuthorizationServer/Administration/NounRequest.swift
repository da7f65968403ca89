import OAuth
import Storage

/// The properties of a request that the command line and the server must know before they carry it out.
package struct RequestTraits: OptionSet, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    /// The request only reads, or accepts a rolled back audit trail, so that it may run on a database that does not match the
    /// checkpoints in the keys folder. A preview lacks this trait, as the change that it precedes does: the command then fails
    /// before it asks.
    package static let safeOnRolledBackTrail = RequestTraits(rawValue: 1 << 0)
    /// The request lists or changes keys, verifies signatures, or seals or opens a secret.
    package static let needsKeys = RequestTraits(rawValue: 1 << 1)
    /// The request may call a provider.
    package static let callsProviders = RequestTraits(rawValue: 1 << 2)
    /// The server may take minutes: the request reads the whole audit trail or database, or revokes many sessions in steps.
    package static let long = RequestTraits(rawValue: 1 << 3)
    /// The request withdraws access that an older backup of the database would give back. The audit trail is then signed at
    /// once, so that such a backup is recognised: it lacks the checkpoint.
    package static let withdrawsAccess = RequestTraits(rawValue: 1 << 4)
}

/// The requests about one noun, such as sessions: what must be known of a request, and how it is carried out.
protocol NounRequest: Sendable {
    /// The traits of this request.
    var traits: RequestTraits { get }

    /// Carries the request out, in one transaction with its audit record.
    func perform(_ task: AdministrationTask) async throws -> AdministrationAnswer

    /// Carries out a request whose answer is a file beside the database; nil for any other request.
    func file(_ task: AdministrationTask) async throws -> AdministrationFile?

    /// The filters of the sessions that the request revokes; empty for a request that revokes none. Names are looked up as in the
    /// request itself, so that an unknown name fails before the confirmation.
    func revokedSessions(_ task: AdministrationTask, _ transaction: Transaction) throws -> [SessionFilter]
}

extension NounRequest {
    func file(_ task: AdministrationTask) async throws -> AdministrationFile? { nil }

    func revokedSessions(_ task: AdministrationTask, _ transaction: Transaction) throws -> [SessionFilter] { [] }
}
