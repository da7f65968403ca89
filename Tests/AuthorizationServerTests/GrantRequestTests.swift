import OAuth
import Testing

@testable import AuthorizationServer

@Suite("OAuth 2.1 §3.2.2 the parameters of each grant")
struct GrantRequestTests {
    private static let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

    private func form(_ pairs: [(String, String)]) throws -> Parameters {
        let encoded = pairs.map { "\($0)=\(PercentEncoding.encode($1))" }.joined(separator: "&")
        return try Parameters(form: Array(encoded.utf8))
    }

    private func code(of error: any Error) -> OAuthError.Code? { (error as? OAuthError)?.code }

    private func refusal<T>(_ body: () throws -> T) -> OAuthError.Code? {
        do {
            _ = try body()
            return nil
        } catch {
            return code(of: error)
        }
    }

    @Test func `a code is redeemed with its verifier`() throws {
        let code = AuthorizationCode.derive(key: [UInt8](repeating: 1, count: 32), interaction: .random())
        let pairs = [
            ("code", code.reveal()), ("code_verifier", Self.verifier), ("redirect_uri", "https://app.example/cb"),
            ("resource", "https://mcp.example"),
        ]
        func read(_ pairs: [(String, String)]) throws -> AuthorizationCodeGrant.Request {
            try AuthorizationCodeGrant.Request(form(pairs))
        }
        let request = try read(pairs)
        #expect(request.code == code && request.redirectURI == "https://app.example/cb")
        #expect(request.verifier.reveal() == Self.verifier)
        let (same, other) = (
            try ResourceIdentifier("https://mcp.example/"), try ResourceIdentifier("https://other.example")
        )
        #expect(ResourceRule.refusal(request.resource, granted: same) == nil)
        #expect(ResourceRule.refusal(request.resource, granted: other)?.code == .invalidTarget)
        for missing in ["code", "code_verifier"] {
            #expect(refusal { try read(pairs.filter { $0.0 != missing }) } == .invalidRequest)
        }
        for doubled in pairs where doubled.0 != "resource" {
            #expect(refusal { try read(pairs + [doubled]) } == .invalidRequest)
        }
        #expect(
            refusal { try read(pairs.map { $0.0 == "code_verifier" ? ($0.0, "short") : $0 }) } == .invalidRequest)
        #expect(refusal { try read(pairs.map { $0.0 == "code" ? ($0.0, "foreign") : $0 }) } == .invalidGrant)
    }

    @Test func `a refresh request may name any scope`() throws {
        let token = RefreshToken.mint(session: .random(), generation: 1, key: [UInt8](repeating: 1, count: 32))
        let request = try RefreshTokenGrant.Request(
            form([("refresh_token", token.reveal()), ("scope", "a \" b offline_access")]))
        #expect(request.token.sessionID == token.sessionID && request.scope?.string == "a b")
        let cut = String(token.reveal().dropLast())
        #expect(refusal { try RefreshTokenGrant.Request(form([("refresh_token", cut)])) } == .invalidGrant)
    }
}
