package import JOSE
package import OAuth

/// The secret of an MCP server that a newer one replaced, and that works beside it for a while.
package struct ReplacedSecret: Hashable, Sendable {
    /// The digest of the secret.
    package let digest: Digest
    /// When it stops to work.
    package let endsAt: Timestamp
    /// When the MCP server last authenticated with it, to the minute; nil if it did not since it was replaced.
    package let usedAt: Timestamp?
}

/// Replaced secrets of MCP servers, at most one each.
package struct ReplacedSecrets: Noun {
    let transaction: Transaction
}

extension ReplacedSecrets {
    /// Keeps a secret that was just replaced until `end`, in place of an older one. Without an end no replaced secret is left.
    package func keep(_ digest: Digest, of resource: ResourceID, until end: Timestamp?, now: Timestamp) throws {
        try execute("DELETE FROM replaced_secrets WHERE resource_id = ?1", resource.string)
        guard let end else { return }
        try execute(
            "INSERT INTO replaced_secrets (resource_id, digest, replaced_at, ends_at) VALUES (?1, ?2, ?3, ?4)",
            resource.string, digest.stored, now.seconds, end.seconds)
    }

    /// The replaced secret of an MCP server, also one that works no longer.
    package func find(of resource: ResourceID) throws -> ReplacedSecret? {
        try first("SELECT digest, ends_at, used_at FROM replaced_secrets WHERE resource_id = ?1", resource.string) {
            ReplacedSecret(digest: try $0.digest(0), endsAt: try $0.time(1), usedAt: try $0.timeIfAny(2))
        }
    }

    /// The replaced secret of an MCP server, if it works at `now`.
    package func working(of resource: ResourceID, now: Timestamp) throws -> ReplacedSecret? {
        try find(of: resource).flatMap { now < $0.endsAt ? $0 : nil }
    }

    /// Records that an MCP server authenticated with the replaced secret of this digest.
    package func recordUse(_ digest: Digest, of resource: ResourceID, now: Timestamp) throws {
        try execute(
            "UPDATE replaced_secrets SET used_at = ?3 WHERE resource_id = ?1 AND digest = ?2", resource.string,
            digest.stored, now.seconds)
    }
}
