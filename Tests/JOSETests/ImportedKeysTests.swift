import Testing

@testable import JOSE

@Suite("RFC 7515 §4.1.3 Keys that tokens bring along, in memory")
struct ImportedKeysTests {
    private func proof(by key: SigningKey, naming other: SigningKey? = nil) throws -> String {
        let jwk = JWK((other ?? key).jwk.material)
        let header: JSONObject = ["typ": "t", "alg": "ES256", "jwk": .object(jwk.json)]
        return try JWS.sign(header: header, payload: Array("{}".utf8), with: key)
    }

    private func verify(_ compact: String, with imported: ImportedKeys) throws -> JWK {
        try PossessionProof(compact, typ: "t", algorithms: [.es256], imported: imported).key
    }

    @Test func `a key is in memory after its first proof, and proves itself as before`() throws {
        let (imported, key) = (ImportedKeys(), SigningKey.generate())
        for _ in 0..<3 {
            #expect(try verify(proof(by: key), with: imported).material == key.jwk.material)
            #expect(imported.count == 1)
        }
    }

    @Test func `a key that signed nothing stays out of memory, and a known one still needs its signature`() throws {
        let (imported, key, thief) = (ImportedKeys(), SigningKey.generate(), SigningKey.generate())
        let forged = try proof(by: thief, naming: key)
        #expect(throws: JWTError.badSignature) { try verify(forged, with: imported) }
        #expect(imported.count == 0)
        _ = try verify(proof(by: key), with: imported)
        #expect(throws: JWTError.badSignature) { try verify(forged, with: imported) }
        #expect(imported.count == 1)
    }

    @Test func `a full memory forgets all keys, which prove themselves again`() throws {
        let imported = ImportedKeys(capacity: 2)
        let keys = (0..<3).map { _ in SigningKey.generate() }
        for key in keys { _ = try verify(proof(by: key), with: imported) }
        #expect(imported.count == 1)
        for key in keys { #expect(try verify(proof(by: key), with: imported).material == key.jwk.material) }
    }
}
