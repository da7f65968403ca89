package import JOSE
package import OAuth

/// A client's metadata document as it was last fetched and found good.
package struct CachedDocument: Hashable, Sendable {
    package let clientID: ClientID
    package let bytes: [UInt8]
    package let digest: Digest
    package let fetchedAt: Timestamp
    /// Until when it is used without asking again.
    package let expiresAt: Timestamp
    /// When it was last known to be right; it carries existing sessions for a while after that.
    package let lastGoodAt: Timestamp

    /// A document, as it is to be kept.
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

/// Metadata documents of clients that were fetched.
package struct ClientDocuments: Noun {
    let transaction: Transaction
}

extension ClientDocuments {
    /// How many documents are kept; strangers decide how many there are, so there is an end to it.
    static let mostDocuments = 10_000

    private static let columns = "client_id, bytes, digest, fetched_at, expires_at, last_good_at"

    /// The document of a client, fresh or not.
    package func find(_ id: ClientID) throws -> CachedDocument? {
        try first("SELECT \(Self.columns) FROM documents WHERE client_id = ?1", id.string) { try document($0) }
    }

    /// Documents by their clients' ids, those behind one if it is named, at most `limit`.
    package func list(after id: ClientID? = nil, limit: Int = 1_000) throws -> [CachedDocument] {
        try all(
            "SELECT \(Self.columns) FROM documents WHERE client_id > ?1 ORDER BY client_id LIMIT ?2", id?.string ?? "",
            limit
        ) { try document($0) }
    }

    /// What was ever good here: this client's own document, or one of its host. A client that somebody has a session with
    /// counts as well, and so does its host, for as long as its sessions are kept.
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

    /// Keeps a document in place of the client's earlier one; beyond the limit the oldest go that no live session needs.
    package func keep(_ document: CachedDocument, atMost limit: Int = mostDocuments) throws {
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

    /// Has the document fetched anew at its next use, while the kept one still carries existing sessions; false when
    /// none is kept.
    package func expire(_ id: ClientID, now: Timestamp) throws -> Bool {
        writerMemory?.clientChanges.mark()
        return try execute(
            "UPDATE documents SET expires_at = min(expires_at, ?2) WHERE client_id = ?1", id.string, now.seconds) == 1
    }

    /// Forgets a document; false when none is kept.
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
