import JOSE
import OAuth
import Storage
import TestSupport
import Testing

@Suite("clients invite")
struct ClientInvitationCommandTests {
    @Test func `an invitation prints its token once and stores only the digest`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let made = try await gatehouse(
                "clients", "invite", "--uses", "3", "--expires", "7d", "--reason", "CI", "--json")
            let row = try #require(try made.json().object)
            let text = try #require(row["initial_access_token"]?.string)
            let token = try #require(InitialAccessToken(text))
            #expect(row["uses"] == 3 && row["uses_left"] == 3 && row["state"] == "valid")
            let list = try await gatehouse("clients", "invitations", "list", "--json")
            #expect(try list.json().array?.count == 1 && !list.output.contains(text))
            let record = try await gatehouse("audit", "tail", "--json").json().array?.first?.object
            #expect(record?["action"] == "client.invited" && record?["explanation"] == "CI")
            #expect(record?["reason"]?.string?.hasSuffix("3 uses, for 7d") == true)
            try await gatehouse.withStore { store in
                let stored = try await store.read { try $0.invitations.list(limit: 10) }
                #expect(stored.map(\.digest) == [token.digest])
            }
            #expect(try await gatehouse("audit", "tail").output.contains(text) == false)
        }
    }

    @Test func `an invitation is for one registration within a day unless told otherwise`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let row = try await gatehouse("clients", "invite", "--json").json().object
            let times = try ["created_at", "expires_at"].map {
                try #require(Timestamp(rfc3339: row?[$0]?.string ?? "")).seconds
            }
            #expect(row?["uses"] == 1 && times[1] - times[0] == 86_400)
        }
    }

    @Test func `a revoked invitation is gone, with a record`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let row = try await gatehouse("clients", "invite", "--json").json().object
            let id = try #require(row?["id"]?.string)
            #expect(try await gatehouse("clients", "invitations", "revoke", id).status == 0)
            let again = try await gatehouse("clients", "invitations", "revoke", id)
            #expect(again.status == 1 && again.errors.contains("'\(id)' not found"))
            #expect(try await gatehouse("clients", "invitations", "list", "--json").json() == [])
            let record = try await gatehouse("audit", "tail", "--json", "--action", "client.invitation_revoked").json()
                .array?.first?.object
            #expect(record?["reason"]?.string == id)
        }
    }

    @Test(arguments: [["--uses", "0"], ["--expires", "soon"], ["--expires", "24"]])
    func `a malformed option is a usage error`(options: [String]) async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let run = try await gatehouse(["clients", "invite"] + options)
            #expect(run.status == 2)
            #expect(try await gatehouse("clients", "invitations", "list", "--json").json() == [])
        }
    }

    @Test(arguments: [["--uses", "10001"], ["--expires", "30s"], ["--expires", "366d"]])
    func `too many uses and a life that is too short or too long are refused`(options: [String]) async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let run = try await gatehouse(["clients", "invite"] + options)
            #expect(run.status == 1 && run.errors.contains("must"))
            #expect(try await gatehouse("clients", "invitations", "list", "--json").json() == [])
        }
    }
}
