import JOSE
import OAuth
import Storage

/// Hands out the audit trail page by page, to readers that come back with the cursor of the page before.
struct AuditFollowingAdministration: AdministrationNoun {
    let task: AdministrationTask

    /// The maximum number of records in a page.
    static let most = 1_000

    /// The lines of the records behind a place, as an export has them, and the cursor behind them.
    func page(
        _ filter: AuditFilter, from start: AuditStart, limit: Int, _ transaction: Transaction
    ) throws -> AdministrationAnswer {
        guard (1...Self.most).contains(limit) else {
            throw AdministrationError(.invalid, "A page has 1 to \(Self.most) records.")
        }
        var cursor = try Self.cursor(of: start)
        var lines: [JSONObject] = []
        var left = limit
        for chain in try transaction.audit.chains() where left > 0 {
            let place = cursor.place(in: chain) ?? Self.place(of: start)
            let records: [(Int64, AuditRecord?)]
            switch try transaction.auditFollowing.next(chain, place, limit: left) {
            case .records(let next, _): records = next
            case .dropped(let last): throw Self.dropped(chain, through: last)
            case .replaced: throw Self.replaced(chain)
            }
            left -= records.count
            for (sequence, record) in records {
                guard let record else {
                    lines.append(AuditLine.unreadable(chain, sequence).json)
                    continue
                }
                cursor.move(behind: sequence, record.hash, in: chain)
                if filter.matches(record.entry) { lines.append(AuditLine.record(record).json) }
            }
        }
        return .many(lines, next: cursor.text)
    }

    private static func cursor(of start: AuditStart) throws -> AuditCursor {
        guard case .behind(let text) = start, !text.isEmpty else { return AuditCursor() }
        guard let cursor = AuditCursor(text) else {
            throw AdministrationError(
                .invalid, "'\(text.prefix(80))' is not a cursor. A cursor is CHAIN:SEQUENCE:HASH of a record.")
        }
        return cursor
    }

    private static func place(of start: AuditStart) -> AuditFollowing.Place {
        switch start {
        case .behind: .beginning
        case .last(let count): .last(Int64(count))
        }
    }

    private static func dropped(_ chain: AuditChainName, through last: Int64) -> AdministrationError {
        AdministrationError(
            .conflict,
            "Records of the chain '\(chain)' behind the cursor, up to record \(last), were exported and dropped. Read them in "
                + "that export, then continue without a cursor.")
    }

    private static func replaced(_ chain: AuditChainName) -> AdministrationError {
        AdministrationError(
            .unsound,
            "The chain '\(chain)' does not contain the record that the cursor names: a backup was restored, or the trail was "
                + "altered. Run 'gatehouse audit verify'. To read the present trail from its beginning, omit the cursor."
        )
    }
}
