/// Who causes a fetch and what is known about the document; it decides which limits apply.
package struct FetchClaim: Sendable {
    /// What is known about a document before the fetch.
    package enum Standing: Sendable {
        /// No document of its host has been valid before.
        case newHost
        /// Another document of its host has been valid before.
        case knownHost
        /// The document has been valid before, or its client has sessions.
        case knownDocument
    }

    /// Keys of the user and the browser that cause the fetch; each has a share of the budget.
    let askers: [String]
    let standing: Standing
    /// The URL of the client whose rule admits the document; nil for the client of the document itself.
    let client: String?

    /// Makes a claim; without askers no share applies.
    package init(askers: [String], standing: Standing, client: String? = nil) {
        self.askers = askers
        self.standing = standing
        self.client = client
    }

    /// A fetch without a known cause, of an unknown host.
    package static let anonymous = FetchClaim(askers: [""], standing: .newHost)
}
