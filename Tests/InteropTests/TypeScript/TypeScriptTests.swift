import Foundation
import JOSE
import OAuth
import Outbound
import TestSupport
import Testing

@testable import demo

/// The block of `docs/typescript.md`, compiled and run as it stands there.
@Suite("TypeScript: introspection and approvals by fetch alone")
struct TypeScriptTests {
    private static let action: JSONObject = [
        "name": "delete_note", "summary": "Delete a note for good",
        "details": [["label": "Note", "value": "plan – Überblick"]],
        "arguments": [
            "name": "plan – Überblick", "z": [1, 1.5, 1e21, true, .null], "A": ["b": "\u{1F512}", "a": "\n"],
        ],
    ]

    private func visitor() -> Person {
        Person(
            name: "ada", password: Scene.password, client: OperatorClient(roots: .system, patience: 30, connections: 4))
    }

    /// The answer of the token endpoint to a user who approved a new client, whose tokens are bound to a key if there is one.
    private func token(in scene: Scene, boundTo key: ProofKey? = nil) async throws -> JSON {
        let client = try await scene.gatehouse.addClient(redirect: Visitor.redirect)
        let visitor = Visitor(gatehouse: scene.gatehouse, clientID: client["client_id"]?.string ?? "")
        let code = try await visitor.code()
        var nonce: String?
        // The first proof has no nonce yet, and is answered with one.
        for _ in 0..<2 {
            let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
            let proof = try key?.proof(for: scene.gatehouse.issuer + "/token", at: now, nonce: nonce)
            let answer = try await scene.gatehouse.http.post(
                "/token",
                form: [
                    "grant_type": "authorization_code", "client_id": visitor.clientID, "code": code.text,
                    "code_verifier": code.verifier, "redirect_uri": Visitor.redirect,
                ], headers: proof.map { [("DPoP", $0)] } ?? [])
            if let token = try answer.object()["access_token"] { return token }
            nonce = answer.header("dpop-nonce")
        }
        return .null
    }

    private func serviceToken(in scene: Scene) async throws -> JSON {
        let client = try await scene.gatehouse.object([
            "clients", "add", "--service", "--name", "Nightly Report", "--resource", scene.server, "--scope",
            "files:read",
            "--auth", "client_secret_basic",
        ])
        let (id, secret) = (client["client_id"]?.string ?? "", client["client_secret"]?.string ?? "")
        let answer = try await scene.gatehouse.http.post(
            "/token", form: ["grant_type": "client_credentials"], headers: [LoopbackHTTP.basic(id, secret)])
        return try answer.object()["access_token"] ?? .null
    }

    @Test func `a token is introspected, and every other one is refused`() async throws {
        try await Scene.play { scene in
            let module = try await TypeScriptModule.compiled(on: scene.stage)
            let gate = try TypeScriptModule(module, in: scene)
            let token = try await token(in: scene)
            let access = try await gate("introspect", token).object
            #expect(access?["sub"]?.string?.hasPrefix("sub_") == true && access?["token"] == token)
            #expect(access?["sid"]?.string?.hasPrefix("ses_") == true && access?["scopes"] == ["files:read"])
            #expect(try await gate("introspect", "no token") == .null)
            #expect(try await gate("introspect", serviceToken(in: scene)) == .null, "it has no user")
            let bound = try await self.token(in: scene, boundTo: ProofKey())
            #expect(bound.string != nil)
            #expect(try await gate("introspect", bound) == .null, "nobody asks for its proof")
            let elsewhere = try TypeScriptModule(module, in: scene, resource: scene.server + "/other")
            #expect(try await elsewhere("introspect", token) == .null)
            // Somebody at another address, who passes on what the issuer says.
            let claims = try await scene.introspection(of: token.string ?? "")
            let other = try await LoopbackServer.start { _ in LoopbackServer.http("200 OK", body: claims) }
            let address = "http://127.0.0.1:\(other.port)"
            #expect(try await TypeScriptModule(module, in: scene, issuer: address)("introspect", token) == .null)
            #expect(other.requests.count == 1 && claims.contains("\"active\":true"), "\(claims)")
            try await other.stop()
            _ = try await scene.gatehouse.json(["sessions", "revoke", "--all", "--yes"])
            #expect(try await gate("introspect", token) == .null)
        }
    }

    @Test func `an approved action runs once, also when two calls take the approval at once`() async throws {
        try await Scene.play { scene in
            let gate = try await TypeScriptModule(TypeScriptModule.compiled(on: scene.stage), in: scene)
            let access = try await gate("introspect", token(in: scene))
            let (action, message) = (JSON.object(Self.action), JSON.string("Approve that the note is deleted."))
            let asked = try await gate("ask", access, action, message).object
            let (id, url) = (asked?["id"] ?? .null, asked?["url"]?.string ?? "")
            #expect(try await gate("ask", access, action, message).object?["id"] == id, "the same approval")
            let early = try await gate.failure("spend", access, id, action)
            #expect(early.contains("409"), "\(early)")
            async let waited = gate("wait", id)
            #expect(try await visitor().answer(url, "approve").status == 200)
            let state = try await waited
            #expect(state == "completed")

            var other = Self.action
            other["arguments"] = ["name": "diary"]
            let refused = try await gate.failure("spend", access, id, .object(other))
            #expect(refused.contains("digest differs"), "\(refused)")
            for (name, sentence) in [
                ("sub", "sub differs"), ("sid", "sid differs"), ("client_id", "client_id differs"),
            ] {
                var stranger = access.object ?? [:]
                stranger[name] = "somebody else"
                let refused = try await gate.failure("spend", .object(stranger), id, action)
                #expect(refused.contains(sentence), "\(refused)")
            }

            let twin = try TypeScriptModule(scene.stage.path("gatehouse.js"), in: scene)
            async let one = isTaken(by: gate, access, id, action)
            async let two = isTaken(by: twin, access, id, action)
            let (first, second) = await (one, two)
            #expect(first != second)
            let late = try await gate.failure("spend", access, id, action)
            #expect(late.contains("410"), "\(late)")
        }
    }

    private func isTaken(by gate: TypeScriptModule, _ access: JSON, _ id: JSON, _ action: JSON) async -> Bool {
        (try? await gate("spend", access, id, action)) != nil
    }

    @Test func `a declined action and an approval with a forged signature are refused`() async throws {
        try await Scene.play { scene in
            let module = try await TypeScriptModule.compiled(on: scene.stage)
            let gate = try TypeScriptModule(module, in: scene)
            let access = try await gate("introspect", token(in: scene))
            let action = JSON.object(Self.action)
            let declined = try await gate("ask", access, action, "Approve.").object
            _ = try await visitor().answer(declined?["url"]?.string ?? "", "decline")
            #expect(try await gate("wait", declined?["id"] ?? .null) == "declined")
            let refused = try await gate.failure("spend", access, declined?["id"] ?? .null, action)
            #expect(refused.contains("409"), "\(refused)")

            var second = Self.action
            second["name"] = "delete_file"
            let asked = try await gate("ask", access, .object(second), "Approve.").object
            let id = asked?["id"]?.string ?? ""
            _ = try await visitor().answer(asked?["url"]?.string ?? "", "approve")
            let credentials = LoopbackHTTP.basic(scene.credentials.id, scene.credentials.secret)
            let result = try await scene.gatehouse.http.get("/elicitations/\(id)/result", headers: [credentials])
            let approval = try result.object()["approval"]?.string ?? ""
            let keys = try await scene.gatehouse.http.get("/jwks").text
            // Somebody in between, who says the same and has no key.
            let forger = try await LoopbackServer.start { request in
                guard !request.hasPrefix("GET /jwks") else { return LoopbackServer.http("200 OK", body: keys) }
                let port =
                    request.firstMatch(of: /Host: 127\.0\.0\.1:([0-9]+)/.ignoresCase()).map { String($0.1) } ?? ""
                let forged = Self.forged(approval, issuer: "http://127.0.0.1:\(port)")
                return LoopbackServer.http("200 OK", body: #"{"approval": "\#(forged)"}"#)
            }
            let misled = try TypeScriptModule(module, in: scene, issuer: "http://127.0.0.1:\(forger.port)")
            let said = try await misled.failure("spend", access, .string(id), .object(second))
            #expect(said.contains("The signature is wrong."), "\(said)")
            #expect(!forger.requests.contains { $0.hasPrefix("DELETE") })
            try await forger.stop()
            _ = try await gate("spend", access, .string(id), .object(second))
        }
    }

    /// The same approval of another issuer, with the signature of the first.
    private static func forged(_ approval: String, issuer: String) -> String {
        var parts = approval.split(separator: ".").map(String.init)
        guard parts.count == 3, let payload = Base64URL.decode(parts[1]),
            var claims = try? JSONObject(parsing: payload)
        else { return "" }
        claims["iss"] = .string(issuer)
        parts[1] = Base64URL.encode(claims.bytes)
        return parts.joined(separator: ".")
    }
}

extension Scene {
    /// The response of Gatehouse to the example server, which asks about a token.
    fileprivate func introspection(of token: String) async throws -> String {
        let fields = [LoopbackHTTP.basic(credentials.id, credentials.secret)]
        return try await gatehouse.http.post("/introspect", form: ["token": token], headers: fields).text
    }
}
