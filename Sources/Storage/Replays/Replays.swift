package import JOSE
package import OAuth

/// The memory of one-time tokens: client assertions and proofs that must not be accepted twice.
package struct Replays: Noun {
    let transaction: Transaction
}

extension Replays {
    /// For how many seconds a token is remembered beyond its expiry, so that a clock that is set back a little admits none again.
    static let margin: Int64 = 60

    /// The name of a token that `party` uses for `purpose`. The lengths keep the parts apart: no party can choose identifiers that
    /// collide with those of another one.
    package static func digest(purpose: String, party: String, token: String) -> Digest {
        .sha256([purpose, party, token].map { "\($0.utf8.count):\($0)" }.joined())
    }

    /// Spends a token that expires at `end`; false if it was spent before.
    ///
    /// Throws `ReplayMemoryFull` if the share is full: forgetting another token would let it be used again.
    package func spend(_ digest: Digest, until end: Timestamp, in share: ReplayShare) throws -> Bool {
        let isNew = try execute(
            """
            INSERT INTO spent_tokens (digest, expires_at, share)
            SELECT ?1, ?2, ?3 WHERE coalesce((SELECT count FROM spent_token_shares WHERE share = ?3), 0) < ?4
            ON CONFLICT (digest) DO NOTHING
            """, digest.stored, (end + Self.margin).seconds, share.name.stored, share.limit)
        if isNew == 1 { return true }
        let isKnown = try first("SELECT 1 FROM spent_tokens WHERE digest = ?1", digest.stored) { try $0.flag(0) } != nil
        guard isKnown else { throw ReplayMemoryFull() }
        return false
    }

    /// The number of tokens in memory.
    package func count() throws -> Int {
        try first("SELECT coalesce(sum(count), 0) FROM spent_token_shares") { Int(try $0.integer(0)) } ?? 0
    }

    /// Forgets at most `limit` tokens that expired, and returns their number.
    func tidy(now: Timestamp, limit: Int) throws -> Int {
        try execute(
            """
            DELETE FROM spent_tokens WHERE digest IN (
                SELECT digest FROM spent_tokens WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)
            """, now.seconds, limit)
    }
}

/// A share of the memory of one-time tokens is full, so nobody can tell whether a token is used again.
package struct ReplayMemoryFull: Error, CustomStringConvertible {
    package var description: String { "a share of the memory of one-time tokens is full" }
}
