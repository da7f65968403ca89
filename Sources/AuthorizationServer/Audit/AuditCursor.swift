import JOSE
import Storage

/// How far somebody has read the audit trail: the last record of each chain, by number and hash. Its text is
/// `main:1204:HASH`, with a comma between two chains.
package struct AuditCursor: Hashable, Sendable {
    private var places: [AuditChainName: Place] = [:]

    private struct Place: Hashable {
        let sequence: Int64
        let hash: Digest
    }

    /// A cursor before the first record of every chain.
    package init() {}

    /// Reads the text of a cursor; nil for any other text.
    package init?(_ text: String) {
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let words = part.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard words.count == 3, let chain = AuditChainName(words[0]), let sequence = Int64(words[1]), sequence > 0,
                let hash = Base64URL.decode(words[2]).flatMap(Digest.init(bytes:)),
                places.updateValue(Place(sequence: sequence, hash: hash), forKey: chain) == nil
            else { return nil }
        }
    }

    /// The text of the cursor; empty before the first record.
    package var text: String {
        places.map { "\($0.key):\($0.value.sequence):\($0.value.hash.base64URL)" }.sorted().joined(separator: ",")
    }

    /// The place of a chain; nil before its first record.
    func place(in chain: AuditChainName) -> AuditFollowing.Place? {
        places[chain].map { .behind($0.sequence, $0.hash) }
    }

    /// Moves the cursor behind a record.
    mutating func move(behind sequence: Int64, _ hash: Digest, in chain: AuditChainName) {
        places[chain] = Place(sequence: sequence, hash: hash)
    }
}

/// Where a reader of the audit trail begins.
package enum AuditStart: Codable, Hashable, Sendable {
    /// Behind a cursor, given as its text; chains that it does not name are read from their beginnings.
    case behind(String)
    /// Before the last records of each chain, at most this many.
    case last(Int)
}
