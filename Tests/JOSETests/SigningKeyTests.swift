import JOSE
import Testing

@Suite("RFC 5958 private keys")
struct SigningKeyTests {
    private let key = SigningKey.generate()

    @Test func `a key comes back from its file, plain or encrypted`() throws {
        for passphrase in [nil, Secret("correct horse")] {
            let pem = try key.pem(passphrase: passphrase)
            let read = try SigningKey(pem: pem, passphrase: passphrase)
            #expect(read.kid == key.kid)
            let signature = try read.sign([1, 2, 3])
            #expect(signature.count == 64)
            #expect(try VerificationKey(key.jwk).verifies(signature, over: [1, 2, 3], .es256))
        }
        #expect(String(decoding: try key.pem(), as: UTF8.self).hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
        let sealed = String(decoding: try key.pem(passphrase: Secret("x")), as: UTF8.self)
        #expect(sealed.hasPrefix("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"))
    }

    @Test func `an encrypted key opens with its passphrase only, without a prompt`() throws {
        let pem = try key.pem(passphrase: Secret("correct horse"))
        for wrong in [nil, Secret(""), Secret("wrong"), Secret("correct horse ")] {
            #expect(throws: KeyError.unreadable) { try SigningKey(pem: pem, passphrase: wrong) }
        }
        #expect(throws: KeyError.unreadable) { try SigningKey(pem: Array("no key".utf8)) }
        #expect(throws: KeyError.unreadable) { try SigningKey(pem: []) }
    }

    @Test func `the public key names its algorithm, use and thumbprint and has no private member`() {
        #expect(key.jwk.json.members.map(\.name) == ["crv", "kty", "x", "y", "use", "alg", "kid"])
        #expect(key.jwk.thumbprint == key.kid)
        #expect(SigningKey.generate().kid != key.kid)
    }

    @Test func `many threads sign with one key at once`() async throws {
        let key = key
        let verified = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let message = Array("message \(number)".utf8)
                    guard let signature = try? key.sign(message) else { return false }
                    return key.verification.verifies(signature, over: message, .es256)
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(verified == 200)
    }
}
