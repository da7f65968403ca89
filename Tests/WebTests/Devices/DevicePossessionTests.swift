import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("RFC 9449 the tokens of a device and the key of its client")
struct DevicePossessionTests {
    @Test func `a client that proves a key on its device gets tokens and refresh tokens that are bound to it`()
        async throws
    {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            let codes = try await DeviceSteps(h: h).codes()
            try await DeviceSteps(h: h).approve(codes)
            let key = ProofKey()
            let form = [
                ("grant_type", GrantType.deviceCode.rawValue), ("client_id", DeviceSteps.tool),
                ("device_code", codes.device),
            ]
            let tokens = try await ProofSteps(h: h).send("/token", form, proofs: [try ProofSteps(h: h).proof(key)])
            #expect(tokens.status == .ok && tokens.json["token_type"] == "DPoP", "\(tokens.text)")
            #expect(tokens.claims["cnf"]?.object?["jkt"]?.string == key.thumbprint)
            let bare = try await h.refresh(tokens.tokens.refresh, ["client_id": DeviceSteps.tool])
            #expect(bare.error == "invalid_dpop_proof")
        }
    }

    @Test func `a client whose document demands bound tokens gets none without a proof`() async throws {
        try await DocumentScene.play { scene in
            let (h, id) = (scene.h, scene.host.id())
            scene.host.publish([
                "grant_types": [.string(GrantType.deviceCode.rawValue)], "dpop_bound_access_tokens": true,
            ])
            try await h.administer(.clients(.allow(id, allowsDevice: true)))
            let codes = try await DeviceSteps(h: h).codes(["client_id": id])
            try await DeviceSteps(h: h).approve(codes)
            let bare = try await DeviceSteps(h: h).poll(codes, ["client_id": id])
            #expect(bare.error == "invalid_dpop_proof" && bare.json["access_token"] == nil)
            #expect(try await DeviceSteps(h: h).states() == ["approved"])
            #expect(try await h.sessions().map(\.state) == [.approved])
        }
    }

    @Test func `a user who signs out before the device comes back takes no demand of the client away`() async throws {
        try await DocumentScene.play { scene in
            let (h, id) = (scene.h, scene.host.id())
            scene.host.publish([
                "grant_types": [.string(GrantType.deviceCode.rawValue)], "dpop_bound_access_tokens": true,
            ])
            try await h.administer(.clients(.allow(id, allowsDevice: true)))
            let codes = try await DeviceSteps(h: h).codes(["client_id": id])
            try await DeviceSteps(h: h).approve(codes)
            let user = h.user.id
            _ = try await h.gatehouse.store.write { try $0.logins.endAll(of: user) }
            let bare = try await DeviceSteps(h: h).poll(codes, ["client_id": id])
            #expect(bare.error == "invalid_dpop_proof" && bare.json["access_token"] == nil)
            let form = [
                ("grant_type", GrantType.deviceCode.rawValue), ("client_id", id), ("device_code", codes.device),
            ]
            let tokens = try await ProofSteps(h: h).send(
                "/token", form, proofs: [try ProofSteps(h: h).proof(ProofKey())])
            #expect(tokens.status == .ok && tokens.tokens.refresh == nil, "the document lists no refresh_token")
        }
    }

    @Test func `whoever repeats a device code without the key of its session does not end the session`() async throws {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            let codes = try await DeviceSteps(h: h).codes()
            try await DeviceSteps(h: h).approve(codes)
            let (key, proofs) = (ProofKey(), ProofSteps(h: h))
            let form = [
                ("grant_type", GrantType.deviceCode.rawValue), ("client_id", DeviceSteps.tool),
                ("device_code", codes.device),
            ]
            #expect(try await proofs.send("/token", form, proofs: [proofs.proof(key)]).status == .ok)
            h.clock.advance(by: 60)
            #expect(try await DeviceSteps(h: h).poll(codes).error == "invalid_dpop_proof")
            let other = try await proofs.send("/token", form, proofs: [proofs.proof(ProofKey())])
            #expect(other.error == "invalid_grant")
            #expect(try await h.sessions().map(\.state) == [.active])
            #expect(try await proofs.send("/token", form, proofs: [proofs.proof(key)]).error == "invalid_grant")
            #expect(try await h.sessions().map(\.endReason) == [.codeReplayed])
        }
    }
}
