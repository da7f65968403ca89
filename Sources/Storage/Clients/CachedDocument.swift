package import JOSE
package import OAuth

/// A client's metadata document as it was last fetched and accepted.
package struct CachedDocument: Hashable, Sendable {
    package let clientID: ClientID
    /// The document as it was fetched.
    package let bytes: [UInt8]
    /// SHA-256 of the bytes; a session names the document of its approval by it.
    package let digest: Digest
    /// When it was fetched.
    package let fetchedAt: Timestamp
    /// Until when it is used without another fetch.
    package let expiresAt: Timestamp
    /// When it was last confirmed. Existing sessions may use it for a while afterwards.
    package let lastGoodAt: Timestamp

    /// A document in its stored form.
    package init(
        clientID: ClientID, bytes: [UInt8], digest: Digest, fetchedAt: Timestamp, expiresAt: Timestamp,
        lastGoodAt: Timestamp
    ) {
        self.clientID = clientID
        self.bytes = bytes
        self.digest = digest
        self.fetchedAt = fetchedAt
        self.expiresAt = expiresAt
        self.lastGoodAt = lastGoodAt
    }
}

/// Fetched metadata documents of clients.
package struct ClientDocuments: Noun {
    let transaction: Transaction
}

extension ClientDocuments {
    /// The number of stored documents. It is bounded because strangers decide how many are fetched.
    static let mostDocuments = 10_000

    private static let columns = "client_id, bytes, digest, fetched_at, expires_at, last_good_at"

    /// The document of a client, fresh or expired.
    package func find(_ id: ClientID) throws -> CachedDocument? {
        try first("SELECT \(Self.columns) FROM documents WHERE client_id = ?1", id.string) { try document($0) }
    }

    /// At most `limit` documents by client id, behind the given one.
    package func list(after id: ClientID? = nil, limit: Int = 1_000) throws -> [CachedDocument] {
        try all(
            "SELECT \(Self.columns) FROM documents WHERE client_id > ?1 ORDER BY client_id LIMIT ?2", id?.string ?? "",
            limit
        ) { try document($0) }
    }

    /// Whether this client, or another client on its host, is known: by a stored document or by a session.
    package func isKnown(_ id: ClientID) throws -> (itself: Bool, host: Bool) {
        guard let origin = id.documentOrigin else { return (false, false) }
        // Ids of one origin follow one another: the character after the slash is '0'.
        return try first(
            """
            SELECT EXISTS (SELECT 1 FROM documents WHERE client_id = ?1)
                OR EXISTS (SELECT 1 FROM sessions INDEXED BY sessions_by_client_state
                    WHERE client_id = ?1 AND \(SessionLife.hasStateThatLives())),
                EXISTS (SELECT 1 FROM documents WHERE client_id >= ?2 || '/' AND client_id < ?2 || '0')
                OR EXISTS (SELECT 1 FROM sessions INDEXED BY sessions_by_host_state WHERE client_host = ?3)
            """, id.string, origin, id.documentHost
        ) { (try $0.flag(0), try $0.flag(1)) } ?? (false, false)
    }

    /// Stores a document in place of the client's earlier one. Beyond `limit` it deletes the oldest that no live session needs.
    package func store(_ document: CachedDocument, atMost limit: Int = mostDocuments) throws {
        writerMemory?.clientChanges.mark()
        try execute(
            """
            INSERT INTO documents (client_id, bytes, digest, fetched_at, expires_at, last_good_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (client_id) DO UPDATE SET bytes = excluded.bytes, digest = excluded.digest,
                fetched_at = excluded.fetched_at, expires_at = excluded.expires_at, last_good_at = excluded.last_good_at
            """, document.clientID.string, document.bytes, document.digest.stored, document.fetchedAt.seconds,
            document.expiresAt.seconds, document.lastGoodAt.seconds)
        try execute(
            """
            DELETE FROM documents WHERE client_id IN (
                SELECT client_id FROM documents d
                WHERE client_id <> ?2 AND NOT EXISTS (
                    SELECT 1 FROM sessions s INDEXED BY sessions_by_client_state
                    WHERE s.client_id = d.client_id AND \(SessionLife.hasStateThatLives("s")))
                ORDER BY last_good_at LIMIT max(0, (SELECT count(*) FROM documents) - ?1))
            """, limit, document.clientID.string)
    }

    /// Expires a document, so that its next use fetches it again while existing sessions may still use it; false if none is
    /// stored.
    package func expire(_ id: ClientID, now: Timestamp) throws -> Bool {
        writerMemory?.clientChanges.mark()
        return try execute(
            "UPDATE documents SET expires_at = min(expires_at, ?2) WHERE client_id = ?1", id.string, now.seconds) == 1
    }

    /// Deletes a document; false if none is stored.
    package func forget(_ id: ClientID) throws -> Bool {
        writerMemory?.clientChanges.mark()
        return try execute("DELETE FROM documents WHERE client_id = ?1", id.string) == 1
    }

    private func document(_ row: StoredRow) throws -> CachedDocument {
        try CachedDocument(
            clientID: ClientID(row.text(0)), bytes: row.bytes(1), digest: row.digest(2), fetchedAt: row.time(3),
            expiresAt: row.time(4), lastGoodAt: row.time(5))
    }
}
