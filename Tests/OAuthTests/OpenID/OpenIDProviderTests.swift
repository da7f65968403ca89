import JOSE
import Testing

@testable import OAuth

@Suite("OpenID Connect Discovery §4.3 Providers")
struct OpenIDProviderTests {
    private func sentence(_ text: String) -> String? {
        do throws(OAuthValueError) {
            _ = try OpenIDIssuer(text)
            return nil
        } catch {
            return error.sentence
        }
    }

    @Test func `an issuer is taken as the provider spells it, with or without a slash at its end`() throws {
        for text in [
            "https://accounts.google.com", "https://tenant.eu.auth0.com/", "https://id.example/realms/common",
            "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0", "http://localhost:8180/",
            "https://id.example:8443/auth/realms/staff",
        ] {
            #expect(try OpenIDIssuer(text).string == text)
        }
        #expect(try !OpenIDIssuer("https://id.example/").matches("https://id.example"))
        #expect(
            try OpenIDIssuer("https://id.example/").metadataURL
                == "https://id.example/.well-known/openid-configuration")
        #expect(
            try OpenIDIssuer("https://id.example/realms/a").metadataURL
                == "https://id.example/realms/a/.well-known/openid-configuration")
    }

    @Test func `an issuer that stands for every tenant is refused with the sentence that names the tenant's`() throws {
        for text in [
            "https://login.microsoftonline.com/common/v2.0", "https://login.microsoftonline.com/organizations/v2.0",
            "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
            "https://login.microsoftonline.com/Common/v2.0", "https://login.microsoftonline.com/{tenantid}/v2.0",
        ] {
            #expect(sentence(text)?.contains("https://login.microsoftonline.com/TENANT-ID/v2.0") == true, "\(text)")
        }
        let issuer = try OpenIDIssuer("https://login.example/t1")
        let metadata = document(issuer, ["issuer": "https://login.example/{tenantid}/v2.0"])
        #expect(throws: OAuthValueError(sentence("https://a.example/{tenantid}") ?? "")) {
            _ = try OpenIDProviderMetadata(metadata, of: issuer)
        }
    }

    @Test(arguments: [
        "", "accounts.google.com", "http://id.example", "https://id.example?tenant=1", "https://id.example/#a",
        "https://id.example/a/../b", "ftp://id.example", "https://ada@id.example",
    ])
    func `a text that is no issuer is refused`(_ text: String) {
        #expect(sentence(text) != nil)
    }

    @Test func `an issuer has at most 512 characters`() throws {
        let longest = "https://id.example/" + String(repeating: "a", count: 493)
        #expect(try OpenIDIssuer(longest).string.utf8.count == 512)
        #expect(sentence(longest + "a")?.contains("at most 512") == true)
    }

    private func document(_ issuer: OpenIDIssuer, _ changes: [String: JSON?] = [:]) -> [UInt8] {
        var json: JSONObject = [
            "issuer": .string(issuer.string), "authorization_endpoint": "https://id.example/a",
            "token_endpoint": "https://id.example/t", "jwks_uri": "https://keys.example/j",
        ]
        for (name, value) in changes { json[name] = value }
        return json.bytes
    }

    @Test func `the metadata of a provider is read, and a provider with which no sign-in could succeed is refused`()
        throws
    {
        let issuer = try OpenIDIssuer("https://id.example")
        let metadata = try OpenIDProviderMetadata(
            document(
                issuer,
                [
                    "authorization_response_iss_parameter_supported": true,
                    "token_endpoint_auth_methods_supported": ["client_secret_post"],
                    "id_token_signing_alg_values_supported": ["HS256", "RS256"],
                ]), of: issuer)
        #expect(metadata.keysURL == "https://keys.example/j" && metadata.sendsIssuer)
        #expect(metadata.authenticationMethods == ["client_secret_post"])
        let refused: [[String: JSON?]] = [
            ["issuer": nil], ["issuer": "https://id.example/"], ["issuer": "https://evil.example"],
            ["authorization_endpoint": nil], ["token_endpoint": nil], ["jwks_uri": nil], ["jwks_uri": 7],
            ["id_token_signing_alg_values_supported": ["HS256", "none"]],
            ["code_challenge_methods_supported": ["plain"]],
        ]
        for change in refused {
            #expect(throws: OAuthValueError.self, "\(change)") {
                _ = try OpenIDProviderMetadata(document(issuer, change), of: issuer)
            }
        }
        #expect(throws: OAuthValueError.self) { _ = try OpenIDProviderMetadata(Array("[]".utf8), of: issuer) }
    }
}
