import JOSE
import OAuth
import Synchronization

@testable import ResourceServer

/// A clock that a test moves by hand.
final class ManualClock: Sendable {
    static let start: Int64 = 1_800_000_000
    private let seconds = Mutex(start)

    var now: Int64 { seconds.withLock { $0 } }

    func advance(_ amount: Int64) { seconds.withLock { $0 += amount } }
}

enum Fixture {
    static let resource = "http://127.0.0.1:9/mcp"
    static let scopes = [
        ProtectedScope("files:read"), ProtectedScope("files:write", implies: ["files:read"], onRequest: true),
    ]

    static func configuration(
        issuer: String, verification: TokenVerification = .introspection(clientID: "res_1", clientSecret: "gate_s_x"),
        clock: ManualClock = ManualClock()
    ) -> ProtectedResourceConfiguration {
        var configuration = ProtectedResourceConfiguration(
            resource: resource, issuer: issuer, scopes: scopes, verification: verification, name: "Files")
        configuration.clock = { clock.now }
        // Long, because tests check responses and not the speed of a busy machine.
        configuration.answerTimeout = 60
        return configuration
    }

    /// What a good access token says.
    static func claims(issuer: String, now: Int64 = ManualClock.start) -> JSONObject {
        [
            "iss": .string(issuer), "sub": "sub_1", "aud": .string(resource),
            "client_id": "https://client.example/c.json",
            "sid": "ses_1", "scope": "files:read", "jti": "j", "iat": .integer(now), "exp": .integer(now + 600),
        ]
    }

    /// What introspection says of such a token.
    static func answer(issuer: String, now: Int64 = ManualClock.start) -> JSONObject {
        var answer = claims(issuer: issuer, now: now)
        answer["active"] = true
        answer["token_type"] = "Bearer"
        return answer
    }

    static func rule(skew: Int64 = 0) throws -> AccessTokenRule {
        AccessTokenRule(
            issuer: try Issuer("https://gate.example"), resource: try ResourceIdentifier(resource),
            catalogue: try ScopeCatalogue(scopes), allowedSkew: skew)
    }
}

/// The refusal of a request that must not get through.
func refusal(_ body: () async throws -> Access) async -> Refusal? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? Refusal
    }
}
