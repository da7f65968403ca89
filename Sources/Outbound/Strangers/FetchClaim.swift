/// On whose account a document is fetched, and what is known of it: it decides which bounds the fetch counts under.
package struct FetchClaim: Sendable {
    /// What is known of a document before it is fetched.
    package enum Standing: Sendable {
        /// Nothing from its host was ever good here.
        case newHost
        /// Another document of its host was good here.
        case knownHost
        /// The document itself was good here, or its client has sessions.
        case knownDocument
    }

    /// The person and the browser that cause it; each has a share of what all may cause.
    let askers: [String]
    let standing: Standing

    /// A fetch that these cause; with none of them, nobody's share bounds it.
    package init(askers: [String], standing: Standing) {
        self.askers = askers
        self.standing = standing
    }

    /// A fetch on nobody's account, of what nothing is known about.
    package static let anonymous = FetchClaim(askers: [""], standing: .newHost)
}
