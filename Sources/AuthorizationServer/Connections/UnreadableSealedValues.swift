package import JOSE
import OAuth
package import Storage

/// The sealed values of a database that no key of the key folder opens, with the names of their rows.
///
/// A database from before the replacement of a sealing key has such values, and so has one that meets the wrong key
/// folder.
package struct UnreadableSealedValues: Sendable, CustomStringConvertible {
    /// How many values do not open.
    package private(set) var count = 0
    /// The providers whose client secrets do not open.
    package private(set) var providers: [String] = []
    /// The identity providers whose client secrets do not open.
    package private(set) var identityProviders: [String] = []
    private var connections: [String] = []
    private var elicitations: [String] = []
    private var attempts = 0
    private var signIns = 0
    private var refreshTokens = 0
    private var unreadable = 0

    /// Tries to open every sealed value of the database; nil if all open.
    package static func find(in store: Store, keys: KeyRing) async throws -> UnreadableSealedValues? {
        let vault = ConnectionVault(keys: keys)
        var found = UnreadableSealedValues()
        for table in SealedValue.Table.allCases {
            var cursor: String? = ""
            while let place = cursor {
                let page = try await store.read { try $0.sealedValues.sealedPage(of: table, after: place, limit: 500) }
                for value in page.values where !vault.opens(value) { found.add(value.place) }
                found.unreadable += page.unreadable.count
                found.count += page.unreadable.count
                cursor = page.next
            }
        }
        return found.count == 0 ? nil : found
    }

    private mutating func add(_ place: SealedValue.Place) {
        count += 1
        switch place {
        case .provider(let name): providers.append(name.string)
        case .connection(let id): connections.append(id.string)
        case .elicitation(let id, _): elicitations.append(id.string)
        case .attempt: attempts += 1
        case .identityProvider(let name): identityProviders.append(name.string)
        case .signInAttempt: signIns += 1
        case .upstreamRefreshToken: refreshTokens += 1
        }
    }

    /// The number of values and the names of their rows; never a value.
    package var description: String {
        let parts = [
            Self.named(providers, "the client secret of the provider", "the client secrets of the providers"),
            Self.named(
                identityProviders, "the client secret of the identity provider",
                "the client secrets of the identity providers"),
            Self.named(connections, "the tokens of the connection", "the tokens of the connections"),
            Self.named(
                elicitations, "the submitted values of the elicitation", "the submitted values of the elicitations"),
            attempts == 0
                ? nil
                : KeyReplacementImpact.count(Int64(attempts), "open attempt to connect", "open attempts to connect"),
            signIns == 0
                ? nil : KeyReplacementImpact.count(Int64(signIns), "sign-in under way", "sign-ins under way"),
            refreshTokens == 0
                ? nil
                : KeyReplacementImpact.count(
                    Int64(refreshTokens), "refresh token of an identity provider",
                    "refresh tokens of identity providers"),
            unreadable == 0
                ? nil
                : KeyReplacementImpact.count(Int64(unreadable), "row that does not parse", "rows that do not parse"),
        ]
        return "\(count): " + parts.compactMap(\.self).joined(separator: "; ")
    }

    private static func named(_ names: [String], _ one: String, _ many: String) -> String? {
        names.isEmpty ? nil : (names.count == 1 ? one : many) + " " + UnfinishedKeyReplacement.named(names)
    }
}
