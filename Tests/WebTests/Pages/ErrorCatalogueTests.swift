import HTTPTypes
import HummingbirdTesting
import JOSE
import NIOCore
import OAuth
import TestSupport
import Testing

@Suite("The catalogue of errors")
struct ErrorCatalogueTests {
    @Test func `programs are told these sentences and nothing of what lies inside`() async throws {
        try await Harness.run { h in
            let code = try await h.code()
            let cases: [(TestResponse, String)] = [
                (try await h.send("/token", []), "invalid_client: Send client_id, or authenticate by HTTP Basic."),
                (
                    try await h.send("/token", [("client_id", "quill")]),
                    "invalid_request: Send the parameter grant_type."
                ),
                (
                    try await h.send("/token", [("client_id", "quill"), ("grant_type", "password")]),
                    "unsupported_grant_type: Use one of the grant types in this server's metadata."
                ),
                (
                    try await h.redeem(code, ["client_id": "nobody"]),
                    "invalid_client: The client is not known here or did not prove itself; check client_id and secret."
                ),
                (
                    try await h.redeem(code, ["code_verifier": CodeVerifier.random().reveal()]),
                    "invalid_grant: The code is not valid (any more); start the authorization again."
                ),
                (
                    try await h.refresh("gate_r_x"),
                    "invalid_grant: The refresh token is not one of this server's; authorize again."
                ),
                (
                    try await h.send("/introspect", [("token", "x"), ("client_id", "quill")]),
                    "invalid_client: Authenticate as the MCP server, with its id and secret."
                ),
                (
                    try await h.send("/token?a=b", [("client_id", "quill")]),
                    "invalid_request: Send all parameters in the body and none in the URL."
                ),
            ]
            for (answer, sentence) in cases {
                let said = "\(answer.error ?? "-"): \(answer.json["error_description"]?.string ?? "-")"
                #expect(said == sentence)
                #expect(answer.json.members.map(\.0) == ["error", "error_description"])
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
