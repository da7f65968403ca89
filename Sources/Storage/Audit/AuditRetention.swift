import JOSE
package import OAuth

extension AuditEntry {
    /// How a record says that a chain was dropped up to one of its records.
    static func dropped(_ chain: AuditChainName, upTo sequence: Int64) -> String { "\(chain) up to \(sequence)" }

    /// How a record says how much was erased.
    static func erased(fields count: Int64) -> String { erasedWords.0 + "\(count)" + erasedWords.1 }

    /// How much was erased, as a record says it; nothing where it says nothing of the kind.
    static func erasedFields(_ reason: String?) -> Int {
        guard let reason, reason.hasPrefix(erasedWords.0), reason.hasSuffix(erasedWords.1) else { return 0 }
        return Int(reason.dropFirst(erasedWords.0.count).dropLast(erasedWords.1.count)) ?? 0
    }

    private static let erasedWords = ("personal fields of ", " places")
}

/// A checkpoint that old records shall be dropped up to, as somebody names it who holds their export.
package struct AuditPruneMark: Codable, Hashable, Sendable {
    /// `main`, or the id of an MCP server.
    package let chain: String
    /// The last record to drop.
    package let sequence: Int64
    /// The hash of that record.
    package let hash: String

    /// The place of a checkpoint.
    package init(_ checkpoint: AuditCheckpoint) {
        chain = checkpoint.chain.description
        sequence = checkpoint.sequence
        hash = checkpoint.hash.base64URL
    }
}

/// What shortens the audit chains and erases personal fields from them. The chains stay verifiable.
package struct AuditRetention: Noun {
    let transaction: Transaction
}

extension AuditRetention {
    /// Lets chains begin behind these checkpoints, by a record each; `by` is who asked. False, with nothing changed, when one
    /// of them is not a checkpoint that stands here. The records themselves go with `dropAudit`.
    package func shorten(to marks: [AuditPruneMark], by actor: AuditActor, at now: Timestamp) throws -> Bool {
        for mark in marks where try !isCheckpoint(mark) { return false }
        for mark in marks {
            try execute(
                """
                INSERT INTO audit_bases (chain, sequence, hash)
                SELECT chain, sequence, hash FROM audit_checkpoints WHERE chain = ?1 AND sequence = ?2
                ON CONFLICT (chain) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash
                WHERE excluded.sequence > sequence
                """, mark.chain, mark.sequence)
        }
        // Said anew for every chain: the record that said it before may just have been dropped.
        let bases = try all("SELECT chain, sequence FROM audit_bases ORDER BY chain") {
            (try $0.parsed(AuditChainName($0.text(0))), try $0.integer(1))
        }
        for (chain, sequence) in bases {
            try transaction.audit.append(
                AuditEntry(
                    .auditDropped, at: now, actor: actor, reason: AuditEntry.dropped(chain, upTo: sequence),
                    initiator: .human))
        }
        try nameOldKeys(at: now)
        return true
    }

    /// Deletes a piece of what lies before the beginnings of the chains; returns how many records. Call again until it is 0.
    package func drop(limit: Int) throws -> Int {
        let bases = try all("SELECT chain, sequence FROM audit_bases") {
            (try $0.parsed(AuditChainName($0.text(0))), try $0.integer(1))
        }
        for (chain, base) in bases {
            let table = AuditTable.of(chain)
            let oldest = try first(
                "SELECT sequence FROM \(table.name) WHERE \(table.chain) = ?1 ORDER BY sequence LIMIT 1",
                chain.description
            ) { try $0.integer(0) }
            guard let oldest, oldest <= base else { continue }
            let end = min(base, oldest + Int64(limit) - 1)
            try execute("DELETE FROM audit_personal WHERE chain = ?1 AND sequence <= ?2", chain.description, end)
            try execute(
                "DELETE FROM audit_checkpoints WHERE chain = ?1 AND sequence <= ?2 AND sequence <> ?3",
                chain.description, end, base)
            return try execute(
                "DELETE FROM \(table.name) WHERE \(table.chain) = ?1 AND sequence <= ?2", chain.description, end)
        }
        return 0
    }

    private func isCheckpoint(_ mark: AuditPruneMark) throws -> Bool {
        let signed = try first(
            "SELECT signed FROM audit_checkpoints WHERE chain = ?1 AND sequence = ?2", mark.chain, mark.sequence
        ) { try $0.text(0) }
        guard let signed, let checkpoint = AuditCheckpoint(signed: signed) else { return false }
        return AuditPruneMark(checkpoint) == mark
    }

    /// The records that named the keys of the remaining checkpoints may be among those that go.
    private func nameOldKeys(at now: Timestamp) throws {
        let keys = try all(
            """
            SELECT DISTINCT kid FROM audit_checkpoints c
            WHERE sequence >= coalesce((SELECT sequence FROM audit_bases b WHERE b.chain = c.chain), 0) ORDER BY kid
            """
        ) { try $0.text(0) }
        for key in keys { try transaction.audit.append(.auditKeyUsed(key, at: now)) }
        try transaction.audit.keyEnds.repeatRecords(ofSigners: keys, at: now)
        try transaction.audit.keyEnds.repeatRecords(at: now)
    }
}

extension AuditEntry {
    /// Says which key signs checkpoints from here on, by its thumbprint.
    package static func auditKeyUsed(_ kid: String, at now: Timestamp) -> AuditEntry {
        AuditEntry(.auditKeyUsed, at: now, actor: .system, reason: kid, initiator: .system)
    }
}

/// Whose personal fields shall leave the audit trail.
package enum AuditErasure: Hashable, Sendable {
    /// What was written about a person, and where the person came from.
    case user(UserID)
    /// The name that an admin claimed.
    case claimed(String)
}

extension AuditRetention {
    /// Erases personal fields from all chains, which stay valid, and leaves a record of it; returns how many fields. Nothing is
    /// written when there are none.
    package func erase(_ erasure: AuditErasure, by actor: AuditActor, at now: Timestamp) throws -> Int {
        let (condition, value): (String, String) =
            switch erasure {
            case .claimed(let name): ("field = 'claimed' AND value = ?1", name)
            case .user(let user):
                (
                    """
                    field <> 'claimed' AND (
                        chain = 'main' AND EXISTS (SELECT 1 FROM audit a WHERE a.sequence = audit_personal.sequence
                            AND (a.user_id = ?1 OR a.actor = 'person:' || ?1))
                        OR EXISTS (SELECT 1 FROM audit_reported r WHERE r.chain = audit_personal.chain
                            AND r.sequence = audit_personal.sequence AND r.user_id = ?1))
                    """, user.string
                )
            }
        let found = try first("SELECT count(*) FROM audit_personal WHERE erased_by IS NULL AND \(condition)", value) {
            try $0.integer(0)
        }
        guard let found, found > 0 else { return 0 }
        var (user, actor): (UserID?, AuditActor) = (nil, actor)
        switch erasure {
        case .user(let id): user = id
        case .claimed(let name):
            // Whoever erases a name does not write it down again.
            if case .admin(let uid, name?) = actor { actor = .admin(uid: uid, claimed: nil) }
        }
        let record = try transaction.audit.append(
            AuditEntry(
                .auditErased, at: now, actor: actor, user: user, reason: AuditEntry.erased(fields: found),
                initiator: .human))
        return try execute(
            "UPDATE audit_personal SET salt = NULL, value = NULL, erased_by = ?2 WHERE erased_by IS NULL AND \(condition)",
            value, record.sequence)
    }
}
