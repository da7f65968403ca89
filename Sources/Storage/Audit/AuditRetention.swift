import JOSE
package import OAuth

extension AuditEntry {
    /// The reason of a record that a chain was shortened up to one of its records. It is read back, so its words never change.
    static func dropped(_ chain: AuditChainName, upTo sequence: Int64) -> String { "\(chain) up to \(sequence)" }

    /// The reason of a record of an erasure. It is read back, so its words never change.
    static func erased(fields count: Int64) -> String { erasedWords.0 + "\(count)" + erasedWords.1 }

    /// The number of erased fields in the reason of a record; 0 for other words.
    static func erasedFields(_ reason: String?) -> Int {
        guard let reason, reason.hasPrefix(erasedWords.0), reason.hasSuffix(erasedWords.1) else { return 0 }
        return Int(reason.dropFirst(erasedWords.0.count).dropLast(erasedWords.1.count)) ?? 0
    }

    private static let erasedWords = ("personal fields of ", " places")
}

/// The checkpoint up to which old records are dropped, named by an administrator who holds their export.
package struct AuditPruneMark: Codable, Hashable, Sendable {
    /// `main`, or the id of an MCP server.
    package let chain: String
    /// The last record to drop.
    package let sequence: Int64
    /// The hash of that record.
    package let hash: String

    /// The mark of a checkpoint.
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
    /// The time of the oldest record of the main chain; nil for an empty one.
    package func firstTime() throws -> Timestamp? {
        try first("SELECT at FROM audit ORDER BY sequence LIMIT 1") { try $0.time(0) }
    }

    /// Makes chains begin behind these checkpoints, with a record each. False, with nothing changed, if one of them is not
    /// stored here. `drop` deletes the records afterwards.
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
        // A record for every shortened chain, because this call may drop the earlier one.
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

    /// Deletes at most `limit` records before the beginnings of the chains; returns their number. Call it until it returns 0.
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

    /// Repeats the records of the keys of remaining checkpoints, because this call may drop the earlier ones.
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
    /// An entry that a key signs checkpoints from here on, by its thumbprint.
    package static func auditKeyUsed(_ kid: String, at now: Timestamp) -> AuditEntry {
        AuditEntry(.auditKeyUsed, at: now, actor: .system, reason: kid, initiator: .system)
    }
}

/// Whose personal fields are erased from the audit trail.
package enum AuditErasure: Hashable, Sendable {
    /// What was written about a user, and the user's network addresses.
    case user(UserID)
    /// The name that an administrator claimed.
    case claimed(String)
}

extension AuditRetention {
    /// Erases personal fields from all chains, which stay valid, with a record; returns the number of fields. Without any it
    /// writes nothing.
    package func erase(_ erasure: AuditErasure, by actor: AuditActor, at now: Timestamp) throws -> Int {
        let (condition, value): (String, String) =
            switch erasure {
            case .claimed(let name): ("field = 'claimed' AND value = ?1", name)
            case .user(let user):
                (
                    """
                    field <> 'claimed' AND (
                        chain = 'main' AND EXISTS (SELECT 1 FROM audit a WHERE a.sequence = audit_personal.sequence
                            AND (a.user_id = ?1 OR a.actor = 'person:' || ?1)
                            AND (field <> 'changes' OR a.action NOT GLOB 'session.*'))
                        OR EXISTS (SELECT 1 FROM audit_reported r WHERE r.chain = audit_personal.chain
                            AND r.sequence = audit_personal.sequence AND r.user_id = ?1))
                    """, user.string
                )
            }
        if case .user(let user) = erasure { try transaction.approvalAddresses.erase(of: user) }
        let found = try first("SELECT count(*) FROM audit_personal WHERE erased_by IS NULL AND \(condition)", value) {
            try $0.integer(0)
        }
        guard let found, found > 0 else { return 0 }
        var (user, actor): (UserID?, AuditActor) = (nil, actor)
        switch erasure {
        case .user(let id): user = id
        case .claimed(let name):
            // The record of the erasure must not hold the erased name.
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
