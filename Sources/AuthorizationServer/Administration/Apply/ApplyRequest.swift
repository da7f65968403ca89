import JOSE
import Storage

/// The requests about the managed configuration as one document.
package enum ApplyRequest: Codable, Hashable, Sendable {
    /// Changes what a document names, in one transaction.
    case apply(ApplyDraft)
    /// The configuration as such a document.
    case export
}

/// A document to apply.
package struct ApplyDraft: Codable, Hashable, Sendable {
    /// The document as JSON. Secrets stand in it, never paths of the caller.
    package var document: String
    /// Whether to remove what the document's sections leave out.
    package var prunes: Bool
    /// Whether only to say what would change.
    package var isDryRun: Bool
    /// The differences that were shown before; another outcome is then refused. Nil for any.
    package var expected: String?
    /// The reason, for the audit trail.
    package var reason: String?

    /// A document to apply.
    package init(
        document: String, prunes: Bool = false, isDryRun: Bool = false, expected: String? = nil, reason: String? = nil
    ) {
        self.document = document
        self.prunes = prunes
        self.isDryRun = isDryRun
        self.expected = expected
        self.reason = reason
    }
}

extension ApplyDraft {
    /// A document with providers may call them, and seals their secrets.
    fileprivate var providerTraits: RequestTraits {
        let sections = ["providers", "identity_providers"]
        guard let object = try? JSONObject(parsing: Array(document.utf8)) else { return [] }
        let hasAny = sections.contains { object[$0]?.array?.isEmpty == false }
        return hasAny ? [.callsProviders, .needsKeys] : []
    }
}

extension ApplyRequest: NounRequest {
    package var traits: RequestTraits {
        switch self {
        case .export: [.safeOnRolledBackTrail, .long]
        case .apply(let draft):
            draft.isDryRun ? [.long, draft.providerTraits] : [.withdrawsAccess, .long, draft.providerTraits]
        }
    }

    func perform(_ task: AdministrationTask) async throws -> AdministrationAnswer {
        switch self {
        case .export:
            .one(try await task.administration.store.read { try ConfigurationExport(transaction: $0).document() })
        case .apply(let draft): try await ApplyAdministration(task: task).apply(draft)
        }
    }
}
