import JOSE
package import OAuth

/// The network addresses from which users approved sessions. They are apart from the sessions, so that erasing a user's personal
/// data leaves the sessions alone.
package struct ApprovalAddresses: Noun {
    let transaction: Transaction
}

extension ApprovalAddresses {
    /// Stores the address of an approval.
    package func insert(_ address: String, of session: SessionID, by user: UserID) throws {
        try execute(
            "INSERT INTO approval_addresses (session_id, user_id, address) VALUES (?1, ?2, ?3)", session.string,
            user.string, address)
    }

    /// The addresses of these sessions, as far as they are known.
    package func find(_ sessions: [SessionID]) throws -> [SessionID: String] {
        let rows = try all(
            """
            SELECT session_id, address FROM approval_addresses
            WHERE session_id IN (SELECT value FROM json_each(?1))
            """, JSON.strings(sessions.map(\.string)).text
        ) { (try $0.id(0) as SessionID, try $0.text(1)) }
        return Dictionary(rows) { first, _ in first }
    }

    /// Erases the addresses of a user; returns their number.
    @discardableResult
    package func erase(of user: UserID) throws -> Int {
        try execute("DELETE FROM approval_addresses WHERE user_id = ?1", user.string)
    }
}
