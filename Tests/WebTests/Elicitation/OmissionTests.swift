import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

/// A rule must hold for the meaning of a request or a document, whichever of its fields is missing or malformed.
@Suite("Members that are missing, empty or of another type")
struct OmissionTests {
    /// Fields that a request may omit. Gatehouse, and not the client, decides their defaults.
    private static let optional: Set<String> = ["resource", "scope", "state"]

    @Test(arguments: [nil, "", "null"])
    func `an authorization request with a missing, empty or unknown field grants no more than the complete one`(
        value: String?
    ) async throws {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await h.consentPage(browser, h.request())
            for name in h.request().map(\.0) {
                let verifier = CodeVerifier.random()
                let page = try await h.consentPage(browser, h.request([name: value], verifier: verifier))
                guard page.input("token") != nil else {
                    #expect(!Self.optional.contains(name) || value == "null", "\(name) may be left out")
                    #expect(!page.text.contains("code=") && page.headers[.location]?.contains("code=") != true)
                    continue
                }
                #expect(Self.optional.contains(name), "\(name) may not be left out")
                let answer = try await h.decide(browser, at: page, scopes: ["files:read", "files:list", "files:write"])
                let code = FormText.decode(queryOf: answer.continuation ?? "")["code"]?.first ?? ""
                #expect(answer.continuation?.hasPrefix(Harness.redirect + "?") == true)
                let unproven = try await h.redeem(Redeemable(code: code, verifier: CodeVerifier.random().reveal()))
                #expect(unproven.error == "invalid_grant", "\(name)")
                let tokens = try await h.redeem(Redeemable(code: code, verifier: verifier.reveal())).tokens
                let seen = try await h.introspect(tokens.access)
                #expect(seen["aud"]?.string == h.resource.identifier.string)
                #expect(seen["client_id"]?.string == h.registered.id.string)
                let scopes = Set(tokens.scope.split(separator: " "))
                #expect(!scopes.isEmpty && scopes.isSubset(of: ["files:read", "files:list"]), "\(name): \(scopes)")
            }
        }
    }

    @Test(arguments: [nil, "", "null"])
    func `an exchange with a missing, empty or unknown field grants nothing`(
        value: String?
    ) async throws {
        try await Harness.run { h in
            let secret = ClientSecret.random()
            _ = try await h.register("vault", redirects: [Harness.redirect], secret: secret)
            let own = ["client_id": "vault", "client_secret": secret.reveal()]
            let browser = h.browser()
            let code = try await h.code(browser, ["client_id": "vault"])
            for name in ["grant_type", "client_id", "client_secret", "code", "code_verifier"] {
                let answer = try await h.redeem(code, own.merging([name: value ?? "-"]) { $1 }, without: value, name)
                #expect([.badRequest, .unauthorized].contains(answer.status), "\(name)")
                #expect(answer.json["access_token"] == nil)
            }
            let asBasic = try await h.send(
                "/token",
                [("grant_type", "authorization_code"), ("code", code.code), ("code_verifier", code.verifier)],
                basic: ("vault", ""))
            #expect(asBasic.status == .unauthorized, "a client does not become another kind by how it comes")
            let tokens = try await h.redeem(code, own).tokens
            for name in ["grant_type", "client_id", "client_secret", "refresh_token"] {
                let answer = try await h.refresh(
                    tokens.refresh, own.merging([name: value ?? "-"]) { $1 }, without: value, name)
                #expect([.badRequest, .unauthorized].contains(answer.status), "\(name)")
                #expect(answer.json["access_token"] == nil)
            }
            #expect(try await h.refresh(tokens.refresh, own).status == .ok, "no refusal has spent anything")
        }
    }

    /// What may stand at each member without refusing the document.
    private static let tolerated: [String: Set<String>] = [
        "client_id": [], "client_name": ["\"unknown\""], "redirect_uris": [], "grant_types": ["-", "null", "[]"],
        "token_endpoint_auth_method": ["-", "null"], "scope": ["-", "null", "\"unknown\""], "response_types": ["*"],
        "jwks": ["*"], "jwks_uri": ["-", "null"], "x_unknown": ["*"],
    ]

    @Test(arguments: tolerated.keys.sorted())
    func `a document with a missing, null or mistyped member is refused, or means a public client`(
        member: String
    ) async throws {
        try await DocumentScene.play { scene in
            let browser = try await scene.signedIn()
            let tolerated = Self.tolerated[member] ?? []
            for (number, text) in ["-", "null", "\"unknown\"", "7", "[]", "[7]", "{}", "true"].enumerated() {
                let path = "/\(number).json"
                let value = text == "-" ? nil : try JSONObject(parsing: Array("{\"x\":\(text)}".utf8))["x"]
                scene.host.serve([member: value], at: path)
                let page = try await scene.consentPage(browser, path: path)
                guard page.input("token") != nil else {
                    #expect(page.status == .badRequest, "\(member) \(text)")
                    #expect(page.continuation == nil)
                    #expect(!tolerated.contains(text) && !tolerated.contains("*"), "\(member) \(text)")
                    continue
                }
                #expect(tolerated.contains(text) || tolerated.contains("*"), "\(member) \(text)")
                #expect(page.text.contains("Not verified"))
                let code = try await scene.code(browser, path: path)
                #expect(code.location.hasPrefix(DocumentScene.redirect + "?"))
                let tokens = try await scene.redeem(code, path: path).tokens
                #expect(try await scene.h.introspect(tokens.access)["client_id"]?.string == scene.host.id(path))
                #expect(tokens.scope == "files:read")
            }
        }
    }
}

extension Harness {
    /// As `redeem`, with one field taken out where there is no value to put in.
    fileprivate func redeem(
        _ code: Redeemable, _ form: [String: String], without value: String?, _ name: String
    ) async throws -> TestResponse {
        var changes: [String: String?] = form
        if value == nil { changes[name] = .some(nil) }
        return try await redeem(code, changes)
    }

    /// As `refresh`, with one field taken out where there is no value to put in.
    fileprivate func refresh(
        _ token: String?, _ form: [String: String], without value: String?, _ name: String
    ) async throws -> TestResponse {
        var changes: [String: String?] = form
        if value == nil { changes[name] = .some(nil) }
        return try await refresh(token, changes)
    }
}
