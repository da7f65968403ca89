import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import TestSupport
import Testing

@testable import Storage

@Suite("The cost of access rules")
struct AccessCostTests {
    @Test func `where an MCP server has no rule, tokens and introspections read none of the tables of rules`()
        async throws
    {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            let code = try await h.code()
            // A statement that reads one of these tables fails from now on.
            try await h.gatehouse.store.write { tx in
                for table in ["access_users", "access_groups", "group_members", "user_groups"] {
                    try tx.execute("ALTER TABLE \(table) RENAME TO gone_\(table)")
                }
            }
            #expect(try await h.introspect(tokens.access)["active"] == true)
            #expect(try await h.refresh(tokens.refresh).status == .ok)
            #expect(try await h.redeem(code).status == .ok)
            #expect(try await h.ask(tokens.access).status == .created)
        }
    }
}
