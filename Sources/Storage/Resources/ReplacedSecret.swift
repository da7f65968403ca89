package import JOSE
package import OAuth

/// The secret of an MCP server or a client that a newer one replaced, and that works beside it for a while.
package struct ReplacedSecret: Hashable, Sendable {
    /// The digest of the secret.
    package let digest: Digest
    /// When it stops to work.
    package let endsAt: Timestamp
    /// When its owner last authenticated with it, to the minute; nil if it did not since it was replaced.
    package let usedAt: Timestamp?
}

/// What has a secret at Gatehouse that can be replaced: an MCP server or a client.
package protocol SecretOwner: Sendable {
    /// The table of its replaced secrets, and the column that names it there.
    static var replacedSecrets: (table: String, owner: String) { get }
    /// The identifier.
    var string: String { get }
}

extension ResourceID: SecretOwner {
    package static var replacedSecrets: (table: String, owner: String) { ("replaced_secrets", "resource_id") }
}

extension ClientID: SecretOwner {
    package static var replacedSecrets: (table: String, owner: String) { ("replaced_client_secrets", "client_id") }
}

/// Replaced secrets of one kind of owner, at most one each.
package struct ReplacedSecrets<Owner: SecretOwner>: Noun {
    let transaction: Transaction
}

extension ReplacedSecrets {
    private var table: String { Owner.replacedSecrets.table }
    private var owner: String { Owner.replacedSecrets.owner }

    /// Keeps a secret that was just replaced until `end`, in place of an older one. Without an end no replaced secret is left.
    package func keep(_ digest: Digest, of id: Owner, until end: Timestamp?, now: Timestamp) throws {
        try execute("DELETE FROM \(table) WHERE \(owner) = ?1", id.string)
        guard let end else { return }
        try execute(
            "INSERT INTO \(table) (\(owner), digest, replaced_at, ends_at) VALUES (?1, ?2, ?3, ?4)", id.string,
            digest.stored, now.seconds, end.seconds)
    }

    /// The replaced secret of an owner, also one that works no longer.
    package func find(of id: Owner) throws -> ReplacedSecret? {
        try first("SELECT digest, ends_at, used_at FROM \(table) WHERE \(owner) = ?1", id.string) {
            ReplacedSecret(digest: try $0.digest(0), endsAt: try $0.time(1), usedAt: try $0.timeIfAny(2))
        }
    }

    /// The replaced secret of an owner, if it works at `now`.
    package func working(of id: Owner, now: Timestamp) throws -> ReplacedSecret? {
        try find(of: id).flatMap { now < $0.endsAt ? $0 : nil }
    }

    /// Records that an owner authenticated with the replaced secret of this digest.
    package func recordUse(_ digest: Digest, of id: Owner, now: Timestamp) throws {
        try execute(
            "UPDATE \(table) SET used_at = ?3 WHERE \(owner) = ?1 AND digest = ?2", id.string, digest.stored,
            now.seconds)
    }
}
