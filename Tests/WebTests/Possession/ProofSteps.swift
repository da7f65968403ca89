import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import NIOCore
import OAuth
import ServerSupport
import TestSupport

@testable import Storage
@testable import Web

/// Steps of clients that prove a key.
struct ProofSteps: Sendable {
    let h: Harness

    /// The nonce that this server hands out now.
    var nonce: String { h.gatehouse.token.possession.nonce(at: h.clock.now) }

    /// A proof for an endpoint of this server, with its nonce.
    func proof(
        _ key: ProofKey, at path: String = "/token", _ claims: [String: JSON?] = [:], header: [String: JSON?] = [:]
    ) throws -> String {
        try key.proof(
            for: h.gatehouse.settings.issuer.endpoint(path), at: h.clock.now, nonce: nonce, claims, header: header)
    }

    /// Posts a form with these values of the `DPoP` header.
    func send(
        _ path: String, _ form: [(String, String)], proofs: [String], basic: (String, String)? = nil
    ) async throws -> TestResponse {
        var headers: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
        if let basic { headers[.authorization] = Harness.basic(basic.0, basic.1) }
        for proof in proofs { headers.append(HTTPField(name: FieldNames.proof, value: proof)) }
        return try await h.client.execute(
            uri: path, method: .post, headers: headers, body: ByteBuffer(string: FormText.encode(form)))
    }

    /// Redeems a code with a proof of `key`, or without a proof.
    func redeem(
        _ code: Redeemable, proving key: ProofKey?, _ changes: [String: String] = [:]
    ) async throws -> TestResponse {
        try await send("/token", TokenForm.redeeming(h, code, changes), proofs: key.map { [try proof($0)] } ?? [])
    }

    /// Refreshes with a proof of `key`, or without a proof.
    func refresh(
        _ token: String?, proving key: ProofKey?, _ changes: [String: String] = [:]
    ) async throws -> TestResponse {
        try await send("/token", TokenForm.refreshing(h, token, changes), proofs: key.map { [try proof($0)] } ?? [])
    }
}

extension Harness {
    var proofs: ProofSteps { ProofSteps(h: self) }
}

/// The forms of token requests.
enum TokenForm {
    /// The form with which the registered client redeems a code.
    static func redeeming(
        _ h: Harness, _ code: Redeemable, _ changes: [String: String] = [:]
    ) -> [(String, String)] {
        let form = [
            "grant_type": "authorization_code", "client_id": h.registered.id.string, "code": code.code,
            "code_verifier": code.verifier, "redirect_uri": Harness.redirect,
        ]
        return form.merging(changes) { $1 }.map { ($0.key, $0.value) }
    }

    /// The form with which the registered client refreshes.
    static func refreshing(
        _ h: Harness, _ token: String?, _ changes: [String: String] = [:]
    ) -> [(String, String)] {
        let form = [
            "grant_type": "refresh_token", "client_id": h.registered.id.string, "refresh_token": token ?? "",
        ]
        return form.merging(changes) { $1 }.map { ($0.key, $0.value) }
    }
}

extension Gatehouse {
    /// What the refresh tokens of each session demand, as the database holds it.
    func proofDemands() async throws -> [String?] {
        try await store.read { tx in
            try tx.all("SELECT proof FROM sessions ORDER BY created_at, id") { try $0.textIfAny(0) }
        }
    }

    /// Everything that a token request or a push could change: codes, sessions with their generations, pushed requests, used
    /// proofs, and records.
    func effects() async throws -> [String] {
        try await store.read { tx in
            let codes = try tx.all("SELECT digest, spent_at, failures FROM codes ORDER BY digest") {
                "code \(try $0.digest(0).base64URL) \(try $0.integerIfAny(1) ?? 0) \(try $0.integer(2))"
            }
            let sessions = try tx.all("SELECT id, state, generation, proof FROM sessions ORDER BY id") {
                "session \(try $0.text(0)) \(try $0.text(1)) \(try $0.integer(2)) \(try $0.textIfAny(3) ?? "-")"
            }
            let pushes = try tx.all("SELECT count(*) FROM pushed_requests") { "pushes \(try $0.integer(0))" }
            let records = try tx.audit.tail(limit: 500).map { "record \($0.sequence)" }
            return codes + sessions + pushes + ["proofs \(try tx.replays.count())"] + records
        }
    }
}
