package import JOSE

/// A client's metadata document, fetched from the URL that is its `client_id`.
///
/// Vendors change these documents without notice, so unknown, unusable and unsupported members are ignored. A document that
/// contradicts itself, holds secrets or links to a dangerous scheme is refused as a whole.
///
/// Spec: Client ID Metadata Document §4
package struct ClientMetadataDocument: Hashable, Sendable {
    static let limits = JSON.Limits(bytes: 65_536, depth: 16, members: 1000)

    /// The metadata that this server uses.
    package let metadata: ClientMetadata
    /// A digest of the members that a user's approval rests on. When it changes, the consent page says so.
    package let securityDigest: Digest
    /// The fetched bytes.
    package let bytes: [UInt8]

    /// Reads the document at `expected`, and calls `passed` with each check that succeeds.
    package static func parse(
        _ bytes: [UInt8], expected: ClientID, passed: (MetadataCheck) -> Void = { _ in }
    ) throws(OAuthError) -> ClientMetadataDocument {
        let members: JSONObject
        do {
            members = try JSONObject(parsing: bytes, limits: limits)
        } catch {
            throw MetadataSource.document.refusal("must be strict JSON of at most 64 KiB: \(error)")
        }
        passed(.json)
        let reader = MetadataReader(members)
        let metadata = try reader.metadata(expected: expected, passed: passed)
        return ClientMetadataDocument(
            metadata: metadata, securityDigest: securityDigest(of: metadata, members), bytes: bytes)
    }

    /// Ignores the order of lists where it has no meaning, and members that no decision depends on.
    ///
    /// Spec: Client ID Metadata Document §8
    private static func securityDigest(of metadata: ClientMetadata, _ members: JSONObject) -> Digest {
        let decisive: JSONObject = [
            "name": .string(metadata.name),
            "redirects": .strings(metadata.redirectURIs.map(\.string).sorted()),
            "method": .string(metadata.authMethods.map(\.rawValue).joined(separator: " ")),
            "grants": metadata.grantTypes.map { .strings($0.map(\.rawValue).sorted()) } ?? .null,
            "scope": metadata.scope.map { .strings($0.scopes.sorted().map(\.string)) } ?? .null,
            "logo": metadata.logoURI.map(JSON.string) ?? .null,
            "keys": members[metadata: .jwks] ?? .null,
            "keys at": members[metadata: .jwksURI] ?? .null,
        ]
        return Digest.sha256(JSON.object(decisive).bytes)
    }
}

extension JSONObject {
    /// A member of client metadata. Null counts as absent, and so does an empty link or scope, which some programs write for every
    /// member that they do not have.
    subscript(metadata member: MetadataMember) -> JSON? {
        switch self[member.rawValue] {
        case nil, .null?: nil
        case .string("")? where member.isLinkOrScope: nil
        case let value: value
        }
    }
}
