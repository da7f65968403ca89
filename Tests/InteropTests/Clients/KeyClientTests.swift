import JOSE
import TestSupport
import Testing

/// Clients with keys, against a real process: assertions of three Python libraries.
@Suite("RFC 7523: assertions of joserfc, PyJWT and Authlib")
struct KeyClientTests {
    private static let algorithms = ["ES256", "ES384", "EdDSA", "RS256", "PS256"]

    /// Whether Gatehouse accepts an assertion, which it says at the revocation endpoint.
    private func accepts(_ form: JSONObject, _ gatehouse: RunningGatehouse) async throws -> Bool {
        let answer = try await gatehouse.http.post(
            "/revoke",
            form: [
                "token": "unknown", "client_assertion_type": form["client_assertion_type"]?.string ?? "",
                "client_assertion": form["client_assertion"]?.string ?? "",
            ])
        return answer.status == 200
    }

    @Test func `an assertion of each library and each algorithm authenticates a client of clients add, once`()
        async throws
    {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            let python = try Conversation("key_client.py", on: stage)
            let set = try await python.ask("make", ["algorithms": .strings(Self.algorithms)])
            let file = try stage.write(set.text, to: "robot.jwks.json")
            let added = try await gatehouse.object([
                "clients", "add", "--id", "robot", "--name", "Robot", "--redirect-uri",
                "https://robot.example/callback",
                "--jwks", file,
            ])
            #expect(added["client_secret"] == nil)
            for library in ["joserfc", "PyJWT", "Authlib"] {
                for algorithm in Self.algorithms {
                    let form = try #require(
                        try await python.ask(
                            "sign",
                            [
                                "library": .string(library), "algorithm": .string(algorithm), "client": "robot",
                                "issuer": .string(gatehouse.issuer), "corrected": true,
                            ]
                        ).object)
                    #expect(try await accepts(form, gatehouse), "\(library) \(algorithm)")
                    #expect(try await !accepts(form, gatehouse), "\(library) \(algorithm) a second time")
                }
            }
            let usual = try await python.ask(
                "sign",
                [
                    "library": "Authlib", "algorithm": "ES256", "client": "robot", "issuer": .string(gatehouse.issuer),
                    "corrected": false,
                ])
            #expect(try await !accepts(usual.object ?? [:], gatehouse), "Authlib's own audience and lifetime")
        }
    }
}
