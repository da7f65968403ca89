import JOSE
import OAuth
import Storage
import TestSupport
import Testing

@Suite("Rules about clients and hosts")
struct ClientRuleCommandTests {
    @Test(arguments: [
        ("bad.example:8443", "'bad.example' instead of 'bad.example:8443'"),
        ("*.bad.example:443", "'*.bad.example' instead of"),
        ("dsek", "'dsek' not found"), ("*.", "not a host"), ("*bad.example", "not a host"),
        ("a.*.example", "not a host"), ("192.0.2.1", "not a host"), ("bad.example.", "not a host"),
        ("http://bad.example/", "not a host"), ("", "not a host"),
    ])
    func `a name that neither a client nor a host can have is refused, and no rule is stored`(
        name: String, sentence: String
    ) async throws {
        try await SessionWorld.play { world in
            for verb in ["block", "allow"] {
                let run = try await world.gatehouse("clients", verb, "--", name)
                #expect(run.status == 1 && run.errorLines.count == 1 && run.errors.contains(sentence), "\(run.errors)")
            }
            #expect(try await world.rules().isEmpty)
            #expect(try await world.gatehouse("audit", "tail", "--json").json() == [])
        }
    }

    @Test func `a block of an unknown client or host is stored, with a warning`() async throws {
        try await SessionWorld.play { world in
            let host = try await world.gatehouse("clients", "block", "bda.example", "--json")
            #expect(host.status == 0 && host.errors.contains("'bda.example'"))
            let client = try await world.gatehouse("clients", "block", "https://bad.example/clint.json")
            #expect(client.status == 0 && client.errors.contains("'https://bad.example/clint.json'"))
            #expect(client.errors.contains("'bad.example'"))
            let known = try await world.gatehouse("clients", "block", "Good.Example", "--yes")
            #expect(known.status == 0 && known.errors.isEmpty)
            #expect(
                try await world.rules() == [
                    "bda.example": "block", "https://bad.example/clint.json": "block", "good.example": "block",
                ])
        }
    }

    @Test func `a registered client takes precedence over a host of the same name`() async throws {
        try await SessionWorld.play { world in
            _ = try await world.gatehouse(
                "clients", "add", "--id", "my.app", "--name", "My", "--redirect-uri", "http://127.0.0.1/")
            let row = try await world.gatehouse("clients", "block", "my.app", "--json").json().object
            #expect(row?["client_id"] == "my.app" && row?["host"] == .null)
        }
    }

    @Test func `a pattern blocks every subdomain, in rules, sessions and the doctor`()
        async throws
    {
        try await SessionWorld.play { world in
            try await world.gatehouse.withStore { store in
                try await store.write { tx in
                    try tx.clientRules.set(ClientRule(.host("*.bad.example"), .block, createdAt: SessionWorld.now))
                    try tx.clientRules.set(ClientRule(.host("app.bad.example"), .allow, createdAt: SessionWorld.now))
                }
                try await store.read { tx in
                    for (host, rule) in [
                        ("app.bad.example", .block), ("x.y.bad.example", .block), ("bad.example", nil),
                        ("notbad.example", nil), ("bad.example.org", nil),
                    ] as [(String, ClientRule.Rule?)] {
                        let id = try ClientID("https://\(host)/client.json")
                        #expect(try tx.clientRules.host(host) == rule, "\(host)")
                        #expect(
                            try (tx.clientRules.block(client: id, host: host) != nil) == (rule == .block), "\(host)")
                    }
                    #expect(try tx.clientRules.block(client: ClientID("desk"), host: nil) == nil)
                    let blocked = try tx.sessions.list(SessionFilter(), limit: 10, now: SessionWorld.now).filter {
                        try tx.sessions.grant($0.id)?.clientIsBlocked == true
                    }
                    #expect(blocked.map(\.clientHost) == ["app.bad.example"])
                }
                try await store.write {
                    try $0.clientRules.set(ClientRule(.host("*"), .block, createdAt: SessionWorld.now))
                }
                let open = try await store.read { tx in
                    try tx.sessions.list(SessionFilter(), limit: 10, now: SessionWorld.now).filter {
                        try tx.sessions.grant($0.id)?.clientIsBlocked == false
                    }
                }
                #expect(open.map(\.clientID.string) == ["desk"], "a registered client has no host")
            }
            let doctor = try await world.gatehouse("doctor", "--client", "https://app.bad.example/client.json")
            #expect(doctor.output.contains("clients rules remove"))
        }
    }

    @Test func `rules are listed in pages, and without a rule the configuration applies`() async throws {
        try await SessionWorld.play { world in
            for words in [["block", "*.bad.example"], ["allow", "good.example"], ["block", "desk"]] {
                #expect(
                    try await world.gatehouse(["clients"] + words + (words[0] == "block" ? ["--yes"] : [])).status == 0)
            }
            let whole = try await world.gatehouse("clients", "rules", "list", "--json").json().array?.compactMap(
                \.object)
            #expect(whole?.map { $0["name"] } == ["desk", "*.bad.example", "good.example"])
            #expect(whole?.map { $0["about"] } == ["client", "host", "host"])
            #expect(
                whole?.first?.members.map(\.name) == [
                    "name", "about", "rule", "audience", "device_grant", "created_at",
                ])
            let first = try await world.gatehouse("clients", "rules", "list", "--json", "--limit", "2")
            #expect(first.errors.contains("--after '*.bad.example'"))
            let rest = try await world.gatehouse("clients", "rules", "list", "--json", "--after", "*.bad.example")
            #expect(try rest.json().array?.count == 1)
            let removed = try await world.gatehouse(
                "clients", "rules", "remove", "*.bad.example", "--reason", "mistake")
            #expect(removed.status == 0 && removed.output.contains("configuration"))
            #expect(try await world.rules() == ["desk": "block", "good.example": "allow"])
            let again = try await world.gatehouse("clients", "rules", "remove", "*.bad.example")
            #expect(again.status == 1 && again.errors.contains("'*.bad.example' not found"))
            let record = try await world.gatehouse("audit", "tail", "--json", "--action", "client.rule_removed").json()
                .array?.first?.object
            #expect(record?["reason"] == "host *.bad.example" && record?["explanation"] == "mistake")
        }
    }

    @Test func `an allowance warns about a block under another name`() async throws {
        try await SessionWorld.play { world in
            _ = try await world.gatehouse("clients", "block", "*.bad.example", "--yes")
            let allowed = try await world.gatehouse("clients", "allow", "app.bad.example")
            #expect(allowed.status == 0 && allowed.errors.contains("clients rules remove '*.bad.example'"))
            let other = try await world.gatehouse("clients", "allow", "*.bad.example")
            #expect(other.status == 0 && other.errors.isEmpty)
            #expect(try await world.rules() == ["*.bad.example": "allow", "app.bad.example": "allow"])
        }
    }
}
