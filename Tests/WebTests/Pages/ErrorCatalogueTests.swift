import HTTPTypes
import HummingbirdTesting
import JOSE
import NIOCore
import OAuth
import ServerSupport
import TestSupport
import Testing

@Suite("The catalogue of errors")
struct ErrorCatalogueTests {
    @Test func `a program gets the error code and one sentence that says what to do`() async throws {
        try await Harness.run { h in
            let code = try await h.code()
            let cases: [(TestResponse, String)] = [
                (try await h.send("/token", []), "invalid_client"),
                (try await h.send("/token", [("client_id", "quill")]), "invalid_request"),
                (
                    try await h.send("/token", [("client_id", "quill"), ("grant_type", "password")]),
                    "unsupported_grant_type"
                ),
                (try await h.redeem(code, ["client_id": "nobody"]), "invalid_client"),
                (try await h.redeem(code, ["code_verifier": CodeVerifier.random().reveal()]), "invalid_grant"),
                (try await h.refresh("gate_r_x"), "invalid_grant"),
                (try await h.send("/introspect", [("token", "x"), ("client_id", "quill")]), "invalid_client"),
                (try await h.send("/token?a=b", [("client_id", "quill")]), "invalid_request"),
            ]
            for (answer, code) in cases {
                #expect(answer.error == code)
                #expect(answer.json.members.map(\.0) == ["error", "error_description"])
                let sentence = answer.json["error_description"]?.string ?? ""
                #expect(
                    sentence.first?.isUppercase == true && sentence.hasSuffix(".") && sentence.count > 20, "\(sentence)"
                )
            }
        }
    }

    @Test func `no answer names a type, a table, a file or a folder of this server`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            var answers: [TestResponse] = []
            for path in ["/authorize", "/login", "/consent", "/token", "/revoke", "/introspect", "/jwks", "/x"] {
                for body in [
                    "", "a", "=", "a=%", "a=%FF", "a=%00", "client_id=quill&client_id=quill", "token=\u{1F600}",
                ] {
                    answers.append(
                        try await browser.get(
                            path + "?" + body.unicodeScalars.filter(\.isASCII).map(String.init).joined()))
                    answers.append(
                        try await h.client.execute(
                            uri: path, method: .post, headers: [.contentType: "application/x-www-form-urlencoded"],
                            body: .init(string: body)))
                }
            }
            for answer in answers where answer.status.code >= 400 {
                #expect(answer.status.code < 500)
                for word in [
                    "SQL", "Swift", "swift", "Error(", "Optional(", h.folder, "sqlite", "Hummingbird", "NIO", "Storage",
                ] {
                    #expect(!answer.text.contains(word), "\(word) in \(answer.text)")
                }
            }
        }
    }
}
