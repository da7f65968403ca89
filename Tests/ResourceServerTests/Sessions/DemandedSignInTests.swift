import JOSE
import Testing

@testable import ResourceServer

@Suite("RFC 9470 §3 a fresh sign-in is required at the authorization server too")
struct DemandedSignInTests {
    private func access(_ scene: SessionScene, signedIn age: Int64, isClient: Bool = false) -> Access {
        var access = Access(
            subject: "s", clientID: "c", sessionID: "ses_1", scopes: ["files:read"], expiresAt: scene.clock.now + 600)
        (access.authenticatedAt, access.isClient) = (scene.clock.now - age, isClient)
        return access
    }

    private func refusal(_ scene: SessionScene, _ access: Access) async -> Refusal? {
        let sessions = Sessions(scene.elicitations)
        do throws(Refusal) {
            try await scene.resource.demandFreshSignIn(
                within: 300, requiring: ["files:write"], of: access, through: sessions)
            return nil
        } catch {
            return error
        }
    }

    @Test func `an old sign-in is refused with the challenge, and required at the next approval`() async throws {
        try await SessionScene.play { (scene) async throws in
            let refused = await refusal(scene, access(scene, signedIn: 301))
            #expect(refused?.status == 401 && refused?.kind == .insufficientUserAuthentication)
            #expect(refused?.challenge?.contains("max_age=\"300\"") == true)
            #expect(refused?.challenge?.contains("scope=\"files:write\"") == true)
            #expect(scene.stream.read { $0.required } == [#"ses_1 {"max_age":300}"#])
        }
    }

    @Test func `a recent sign-in is let through, and requires nothing`() async throws {
        try await SessionScene.play { (scene) async throws in
            #expect(await refusal(scene, access(scene, signedIn: 300)) == nil)
            #expect(scene.stream.read { $0.required.isEmpty })
        }
    }

    @Test func `the refusal is the same when the authorization server does not take the requirement`() async throws {
        try await SessionScene.play { (scene) async throws in
            scene.stream.change { $0.requireStatus = 409 }
            #expect(await refusal(scene, access(scene, signedIn: 301))?.kind == .insufficientUserAuthentication)
            #expect(scene.stream.read { $0.required.count } == 1)
        }
    }

    @Test func `a client that acts for itself has no sign-in to require`() async throws {
        try await SessionScene.play { (scene) async throws in
            #expect(await refusal(scene, access(scene, signedIn: 301, isClient: true))?.kind == .userRequired)
            #expect(scene.stream.read { $0.required.isEmpty })
        }
    }

    @Test func `the receiver asks for a verification event with an empty body`() async throws {
        try await SessionScene.play { (scene) async throws in
            try await scene.receiver.requestVerification()
            #expect(scene.stream.read { $0.verifications } == [""])
        }
    }
}
