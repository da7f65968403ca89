import NIOCore
import OAuth
import Outbound
import ServerSupport
import Storage
import TestSupport
import Testing

@testable import AuthorizationServer

@Suite("Revocation of a connection")
struct ConnectionRevocationTests {
    @Test func `the provider revokes the tokens although the caller disconnects`() async throws {
        let provider = try await LoopbackProvider.start()
        try await Harness.run { h in
            try await h.providers.add(provider)
            _ = try await h.providers.connect(h.tokens().access, h.browser())
            let connection = try #require(try await h.providers.connections().first)
            let revocation = ConnectionRevocation(
                store: h.gatehouse.store,
                client: ProviderClient(
                    issuer: h.gatehouse.settings.issuer, outbound: OperatorClient(deadline: .seconds(20))),
                vault: ConnectionVault(keys: h.gatehouse.keys))
            let verdict = try await Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await revocation.end(
                    connection.id, reason: .revokedByPerson, actor: .person(h.user.id), now: h.clock.now)
            }.value
            guard case .ended(_, .accepted) = verdict else {
                Issue.record("\(verdict)")
                return
            }
            #expect(provider.revocations.count == 1)
            #expect(try await h.providers.connections().first?.tokens == nil)
        }
        try await provider.stop()
    }
}
