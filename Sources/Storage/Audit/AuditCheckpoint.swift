package import JOSE
package import OAuth

/// A signed statement that a chain ended with this record at this time: without the key, nobody can change or cut off the
/// earlier records unnoticed.
///
/// The checkpoint carries its public key, because it outlives the key's time in the key ring. Whether the key is trusted
/// depends on the ring, or for an older key on the record that names it.
/// Spec: RFC 7515 §4.1.3
/// Spec: RFC 7638 §3
package struct AuditCheckpoint: Hashable, Sendable {
    /// The `typ` of its header.
    package static let type = "gatehouse-audit-checkpoint+jwt"

    package let chain: AuditChainName
    /// The number of the signed record; the checkpoint covers everything up to it.
    package let sequence: Int64
    /// The hash of that record.
    package let hash: Digest
    /// When it was signed.
    package let at: Timestamp
    /// The thumbprint of the key that signed it.
    package let kid: String
    /// The JWS in compact form.
    package let signed: String

    /// Signs that `chain` ends with this record at `at`.
    package init(
        _ chain: AuditChainName, sequence: Int64, hash: Digest, at: Timestamp, with key: SigningKey
    ) throws(KeyError) {
        self.chain = chain
        self.sequence = sequence
        self.hash = hash
        self.at = at
        kid = key.kid
        let header: JSONObject = [
            "typ": .string(Self.type), "alg": "ES256", "kid": .string(key.kid), "jwk": .object(key.jwk.json),
        ]
        let claims: JSONObject = [
            "iat": .integer(at.seconds), "chain": .string(chain.description), "sequence": .integer(sequence),
            "hash": .string(hash.base64URL),
        ]
        signed = try JWS.sign(header: header, payload: claims.bytes, with: key)
    }

    /// Reads a checkpoint and verifies its signature with the key that it carries. The caller decides whether to trust the key.
    package init?(signed: String) {
        guard let start = signed.utf8.firstIndex(of: UInt8(ascii: ".")),
            let header = Base64URL.decode(String(signed[..<start])).flatMap({ try? JSONObject(parsing: $0) }),
            let jwk = header["jwk"]?.object.flatMap({ try? JWK(json: $0) }), let kid = header["kid"]?.string,
            jwk.thumbprint == kid, let key = try? VerificationKey(jwk),
            let token = try? JWT.verify(
                signed, typ: Self.type, algorithms: [.es256], keys: VerificationKeySet([key])),
            let chain = token.claims["chain"]?.string.flatMap(AuditChainName.init),
            let sequence = token.claims["sequence"]?.integer, let seconds = token.claims["iat"]?.integer,
            let hash = token.claims["hash"]?.string.flatMap({ Base64URL.decode($0) }).flatMap(Digest.init(bytes:))
        else { return nil }
        self.chain = chain
        self.sequence = sequence
        self.hash = hash
        at = Timestamp(seconds: seconds)
        self.kid = kid
        self.signed = signed
    }
}

/// A stored checkpoint, not verified: anybody who can write the file could have written it.
package struct StoredCheckpoint: Hashable, Sendable {
    package let chain: AuditChainName
    /// The number under which the row is stored.
    package let sequence: Int64
    /// The JWS in compact form.
    package let signed: String

    /// The checkpoint, if its signature is right and it is about this chain and number.
    package var checkpoint: AuditCheckpoint? {
        AuditCheckpoint(signed: signed).flatMap { $0.chain == chain && $0.sequence == sequence ? $0 : nil }
    }
}

/// Signed checkpoints over the audit chains.
package struct AuditCheckpoints: Noun {
    let transaction: Transaction
}

extension AuditCheckpoints {
    /// Stores a checkpoint; false, with nothing written, if its record is missing or has another hash.
    package func insert(_ checkpoint: AuditCheckpoint) throws -> Bool {
        let table = AuditTable.of(checkpoint.chain)
        return try execute(
            """
            INSERT INTO audit_checkpoints (chain, sequence, hash, at, kid, signed)
            SELECT ?1, ?2, ?3, ?4, ?5, ?6 FROM \(table.name) WHERE \(table.chain) = ?1 AND sequence = ?2 AND hash = ?3
            ON CONFLICT (chain, sequence) DO UPDATE SET at = excluded.at, kid = excluded.kid, signed = excluded.signed
            """, checkpoint.chain.description, checkpoint.sequence, checkpoint.hash.stored, checkpoint.at.seconds,
            checkpoint.kid, checkpoint.signed) == 1
    }

    /// The checkpoints of a chain from a record on, oldest first.
    func list(of chain: AuditChainName, from sequence: Int64) throws -> [StoredCheckpoint] {
        try all(
            "SELECT sequence, signed FROM audit_checkpoints WHERE chain = ?1 AND sequence >= ?2 ORDER BY sequence",
            chain.description, sequence
        ) { StoredCheckpoint(chain: chain, sequence: try $0.integer(0), signed: try $0.text(1)) }
    }

    /// Whether any stored checkpoint names this key, by its thumbprint.
    package func hasAny(signedBy kid: String) throws -> Bool {
        try first("SELECT 1 FROM audit_checkpoints WHERE kid = ?1 LIMIT 1", kid) { _ in true } ?? false
    }

    /// The last checkpoint of a chain, not verified.
    package func last(of chain: AuditChainName) throws -> StoredCheckpoint? {
        try first(
            "SELECT sequence, signed FROM audit_checkpoints WHERE chain = ?1 ORDER BY sequence DESC LIMIT 1",
            chain.description
        ) { StoredCheckpoint(chain: chain, sequence: try $0.integer(0), signed: try $0.text(1)) }
    }
}
