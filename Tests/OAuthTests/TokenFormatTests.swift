import JOSE
import OAuth
import Testing

@Suite("RFC 6749 §1.4 to §1.5 the form of our codes, tokens and identifiers")
struct TokenFormatTests {
    private let key = [UInt8](repeating: 7, count: 32)

    @Test func `a refresh token is parsed into session, generation and a valid MAC`() throws {
        let session = SessionID.random()
        for generation in [1, 2, 255, 256, UInt32.max] as [UInt32] {
            let minted = RefreshToken.mint(session: session, generation: generation, key: key)
            let read = try #require(RefreshToken(minted.reveal()))
            #expect(read.sessionID == session)
            #expect(read.generation == generation)
            #expect(read.isAuthentic(key: key))
            #expect(!read.isAuthentic(key: [UInt8](repeating: 8, count: 32)))
        }
    }

    @Test func `The form is gate_r_ and the base64url of 52 bytes in the published order`() throws {
        let session = try #require(SessionID(bytes: Array(0..<16)))
        let text = RefreshToken.mint(session: session, generation: 258, key: key).reveal()
        #expect(text.hasPrefix("gate_r_"))
        let bytes = try #require(Base64URL.decode(text.dropFirst(7)))
        #expect(Array(bytes[..<20]) == Array(0..<16) + [0, 0, 1, 2])
        #expect(Array(bytes[20...]) == HMAC.sha256(key: key, Array("refresh".utf8), Array(0..<16), [0, 0, 1, 2]))
    }

    @Test func `every truncation, bit flip and case flip of a refresh token is refused`() {
        let text = RefreshToken.mint(session: .random(), generation: 3, key: key).reveal()
        for variant in variants(of: text) where variant != text {
            #expect(RefreshToken(variant)?.isAuthentic(key: key) != true, "\(variant.count)")
        }
    }

    @Test func `every truncation, bit flip and case flip of a code or secret is refused or another one`() throws {
        let code = AuthorizationCode.derive(key: key, interaction: .random())
        for variant in variants(of: code.reveal()) where variant != code.reveal() {
            #expect(AuthorizationCode(variant)?.digest != code.digest)
        }
        let secret = ClientSecret.random()
        for variant in variants(of: secret.reveal()) where variant != secret.reveal() {
            #expect(ClientSecret(variant)?.digest != secret.digest)
        }
    }

    private func variants(of text: String) -> [String] {
        let bytes = Array(text.utf8)
        var all = (0..<bytes.count).flatMap { [Array(bytes[..<$0]), Array(bytes[$0...].dropFirst())] }
        for index in bytes.indices {
            for bit in 0..<8 {
                var flipped = bytes
                flipped[index] ^= 1 << bit
                all.append(flipped)
            }
        }
        all += [bytes + [0x41], bytes + [0x3D], [0x20] + bytes, bytes + [0x0A]]
        return all.map { String(decoding: $0, as: UTF8.self) } + [text.uppercased(), text.lowercased()]
    }

    @Test func `a generation of zero is refused`() throws {
        let bytes = [UInt8](repeating: 1, count: 16) + [0, 0, 0, 0] + [UInt8](repeating: 1, count: 32)
        #expect(RefreshToken("gate_r_" + Base64URL.encode(bytes)) == nil)
    }

    @Test func `one kind of credential is refused as another`() {
        let code = AuthorizationCode.derive(key: key, interaction: .random()).reveal()
        let secret = ClientSecret.random().reveal()
        let refresh = RefreshToken.mint(session: .random(), generation: 1, key: key).reveal()
        #expect(AuthorizationCode(secret) == nil && AuthorizationCode(refresh) == nil)
        #expect(ClientSecret(code) == nil && ClientSecret(refresh) == nil)
        #expect(RefreshToken(code) == nil && RefreshToken(secret) == nil)
        #expect(UserID(SessionID.random().string) == nil && Subject(UserID.random().string) == nil)
    }

    @Test func `a code depends on interaction and key alone`() {
        let interaction = InteractionID.random()
        let code = AuthorizationCode.derive(key: key, interaction: interaction)
        #expect(AuthorizationCode.derive(key: key, interaction: interaction) == code)
        #expect(AuthorizationCode.derive(key: key, interaction: .random()) != code)
        #expect(AuthorizationCode.derive(key: [UInt8](repeating: 1, count: 32), interaction: interaction) != code)
        #expect(AuthorizationCode(code.reveal()) == code)
        #expect(code.digest == Digest.sha256(code.reveal()))
    }

    @Test func `credentials do not print themselves`() throws {
        let refresh = RefreshToken.mint(session: .random(), generation: 1, key: key)
        let secret = ClientSecret.random()
        let code = AuthorizationCode.derive(key: key, interaction: .random())
        var text = "\(refresh) \(secret) \(code)"
        debugPrint(refresh, secret, code, to: &text)
        dump([refresh as Any, secret, code], to: &text)
        for shown in [refresh.reveal(), secret.reveal(), code.reveal(), refresh.sessionID.string] {
            #expect(!text.contains(shown))
        }
    }

    @Test func `Identifiers are canonical: 16 bytes behind their prefix and nothing else`() throws {
        let session = SessionID.random()
        #expect(session.string.hasPrefix("ses_") && session.string.count == 26 && session.bytes.count == 16)
        #expect(SessionID(session.string) == session)
        #expect(SessionID(bytes: session.bytes) == session)
        #expect(SessionID(session.string + "A") == nil && SessionID(session.string.dropLast()) == nil)
        // 22 characters hold 132 bits: the last four have to be zero.
        #expect(SessionID("ses_AAAAAAAAAAAAAAAAAAAAAA") != nil && SessionID("ses_AAAAAAAAAAAAAAAAAAAAAB") == nil)
        #expect(SessionID(bytes: [1]) == nil)
        #expect(Set((0..<100).map { _ in UserID.random() }).count == 100)
    }
}
