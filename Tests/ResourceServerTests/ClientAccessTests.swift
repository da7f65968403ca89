import JOSE
import Testing

@testable import ResourceServer

@Suite("Access of a client that acts for itself")
struct ClientAccessTests {
    private let now = ManualClock.start

    private func claims(_ changes: [String: JSON?] = [:]) -> JSONObject {
        var claims = Fixture.claims(issuer: "https://gate.example")
        claims["sub"] = "nightly"
        claims["client_id"] = "nightly"
        claims["gatehouse:actor"] = "client"
        claims["auth_time"] = nil
        for (name, value) in changes { claims[name] = value }
        return claims
    }

    @Test func `the access of a client says so, and that of a user does not`() throws {
        let access = try Fixture.rule().access(signed: claims(), now: now)
        #expect(access.isClient && access.subject == "nightly" && access.clientID == "nightly")
        let user = try Fixture.rule().access(signed: Fixture.claims(issuer: "https://gate.example"), now: now)
        #expect(!user.isClient)
    }

    @Test(arguments: [["sub": "sub_1"], ["gatehouse:actor": "user"], ["gatehouse:actor": true]] as [[String: JSON]])
    func `a token that names an actor and does not fit it is refused`(changes: [String: JSON]) {
        #expect(throws: TokenRejection.self) {
            try Fixture.rule().access(signed: claims(changes.mapValues { .some($0) }), now: now)
        }
    }

    @Test func `an operation for users refuses it with 403 and without a challenge`() throws {
        let resource = try ProtectedResource(Fixture.configuration(issuer: "https://gate.example"))
        let access = try Fixture.rule().access(signed: claims(), now: now)
        let demands: [() throws -> Void] = [
            { try resource.demandUser(of: access) },
            { try resource.demand(UserAuthentication(maxAge: 300), of: access) },
        ]
        for demand in demands {
            let refused = #expect(throws: Refusal.self) { try demand() }
            #expect(refused?.kind == .userRequired && refused?.status == 403 && refused?.challenge == nil)
        }
        #expect(throws: Never.self) { try resource.demand(UserAuthentication(), of: access) }
        let user = try Fixture.rule().access(signed: Fixture.claims(issuer: "https://gate.example"), now: now)
        #expect(throws: Never.self) { try resource.demandUser(of: user) }
    }

    @Test func `calls that need a user fail without a request`() async throws {
        try await ElicitationScene.play { scene in
            var access = try await scene.access()
            access.isClient = true
            let client = access
            let governance = Governance(scene.elicitations)
            let asked = scene.fake.read { $0.credentials.count }
            let request = ElicitationRequest.confirm(try scene.action(), message: "m")
            #expect(await fault { try await scene.elicitations.create(request, for: client) }?.kind == .noUser)
            #expect(await fault { try await scene.elicitations.token(of: "hub", for: client) }?.kind == .noUser)
            let job = await fault { try await governance.openJob(["a"], purpose: "p", until: now + 60, for: client) }
            #expect(job?.kind == .noUser)
            let checkpoint = Checkpoint.sampling(.approved)
            #expect(await fault { try await governance.recordCheckpoint(checkpoint, for: client) }?.kind == .noUser)
            #expect(scene.fake.read { $0.credentials.count } == asked)
        }
    }
}
