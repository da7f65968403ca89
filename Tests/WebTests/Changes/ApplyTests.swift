import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("The configuration as one document")
struct ApplyTests {
    private static let whole: JSONObject = [
        "groups": [["name": "editors"], ["name": "corp-eng", "from": "corp", "claim": "Engineering"]],
        "resources": [
            [
                "resource": "https://mail.example/mcp", "name": "Mail", "owner": "Mail team",
                "scopes": [
                    ["name": "mail:read", "description": "Read your mail", "tools": ["read_mail"]],
                    [
                        "name": "mail:send", "description": "Send mail", "on_request": "true", "implies": ["mail:read"],
                        "fresh_sign_in": "5m",
                    ],
                ],
                "policy": [
                    "longest_session": "8h", "session_choices": ["1h", "4h"], "client_hosts": ["app.example"],
                    "device_grant": "no", "elicitation": ["confirm", "secret"], "external_hosts": ["pay.example"],
                    "ends_connections": "yes", "actions": ["send_digest=ask mail:send"],
                    "access": ["groups": ["editors"], "users": ["ada"]], "scope_groups": ["mail:send": ["editors"]],
                    "group_max_age": "12h",
                ],
            ]
        ],
        "clients": [
            [
                "id": "desk", "name": "Desk", "auth": "client_secret_basic",
                "redirect_uris": ["https://desk.example/cb"],
                "resources": ["https://mail.example/mcp"],
            ],
            [
                "id": "nightly", "name": "Nightly", "acts_for_itself": "yes",
                "permissions": [["resource": "https://mail.example/mcp", "scopes": ["mail:read"]]],
            ],
        ],
        "rules": [
            ["host": "*.bad.example", "rule": "block"], ["client": "desk", "rule": "allow", "device_grant": "yes"],
        ],
    ]

    @Test func `a document creates everything that it names, and the same document again changes nothing`() async throws
    {
        try await Harness.run { h in
            let answer = try await h.changes.apply(Self.whole)
            let row = try #require(answer.rows.first)
            #expect(row["secrets"]?.array?.count == 3, "one MCP server and two clients get secrets")
            let exported = try await h.changes.exported()
            let mail = try #require(
                exported["resources"]?.array?.compactMap(\.object).first { $0["name"] == "Mail" })
            let policy = try #require(mail["policy"]?.object)
            #expect(policy["longest_session"] == "8h" && policy["session_choices"] == ["1h", "4h"])
            #expect(policy["client_hosts"] == ["app.example"] && policy["device_grant"] == "no")
            #expect(policy["access"] == ["groups": ["editors"], "users": ["ada"]])
            #expect(policy["scope_groups"] == ["mail:send": ["editors"]] && policy["group_max_age"] == "12h")
            #expect(policy["actions"] == ["send_digest=ask mail:send"])
            let records = try await h.changes.trail()
            let again = try await h.changes.apply(Self.whole)
            #expect(again.note == "Nothing changes." && again.rows.first?["changes"] == [])
            #expect(try await h.changes.exported() == exported)
            #expect(try await h.changes.trail() == records, "what stays the same leaves no record")
        }
    }

    @Test func `an export that is applied changes nothing, also with pruning`() async throws {
        try await Harness.run { h in
            try await h.changes.apply(Self.whole)
            let (exported, records) = (try await h.changes.exported(), try await h.changes.trail())
            let answer = try await h.changes.apply(exported, prunes: true)
            #expect(answer.note == "Nothing changes.")
            #expect(try await h.changes.exported() == exported)
            #expect(try await h.changes.trail() == records)
        }
    }

    @Test func `a preview says what the change does, and changes nothing`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens(scopes: ["files:write"], asking: "files:write")
            let (before, records) = (try await h.changes.exported(), try await h.changes.trail())
            let document: JSONObject = [
                "resources": [
                    ["resource": "https://files.example/mcp", "owner": "Data team", "scopes": [["name": "files:read"]]]
                ]
            ]
            let preview = try await h.changes.apply(document, prunes: true, isDryRun: true)
            #expect(preview.rows.first?["sessions_ended"] == 1)
            #expect(try await h.changes.exported() == before)
            #expect(try await h.changes.trail() == records)
            #expect(try await h.introspect(tokens.access)["active"] == true)
            let done = try await h.changes.apply(document, prunes: true)
            #expect(done.rows.first?["changes"] == preview.rows.first?["changes"])
            #expect(done.rows.first?["sessions_ended"] == 1)
            #expect(try await h.introspect(tokens.access)["active"] == false)
        }
    }

    @Test func `what a document does not name stays, and pruning removes it only from sections that it has`()
        async throws
    {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            try await h.changes.apply(Self.whole)
            #expect(try await h.refresh(tokens.refresh).status == .ok)
            let part: JSONObject = ["clients": [["id": "desk"]], "rules": []]
            let answer = try await h.changes.apply(part, prunes: true)
            #expect(answer.rows.first?["sessions_ended"] == 1, "the session of the client that the document leaves out")
            let left = try await h.changes.exported()
            #expect(left["clients"]?.array?.count == 1 && left["rules"] == [])
            #expect(left["resources"]?.array?.count == 2 && left["groups"]?.array?.count == 2)
            #expect(try await h.sessions().map(\.endReason) == [.clientRemoved])
            let none = try await h.changes.apply(["resources": [], "groups": []], prunes: true)
            let changes = none.rows.first?["changes"]?.array
            #expect(changes?.count == 5, "two MCP servers, two groups, and the client of one")
            #expect(try await h.changes.exported()["resources"] == [])
        }
    }

    @Test func `a scope that nobody may have stays so through an export`() async throws {
        try await Harness.run { h in
            try await h.changes.apply(Self.whole)
            try await h.administer(.groups(.remove(name: "editors")))
            let exported = try await h.changes.exported()
            let mail = try #require(exported["resources"]?.array?.compactMap(\.object).first { $0["name"] == "Mail" })
            #expect(mail["policy"]?.object?["scope_groups"] == ["mail:send": []])
            #expect(try await h.changes.apply(exported, prunes: true).note == "Nothing changes.")
            #expect(try await h.changes.exported() == exported)
        }
    }

    @Test func `a line that is not finished locks nobody out`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            for access in [JSON.null, [:], ["groups": .null]] as [JSON] {
                let document: JSONObject = [
                    "resources": [["resource": "https://files.example/mcp", "policy": ["access": access]]]
                ]
                if access == .null {
                    #expect(try await h.changes.apply(document).note == "Nothing changes.")
                } else {
                    await #expect(throws: AdministrationError.self) { try await h.changes.apply(document) }
                }
            }
            #expect(try await h.refresh(tokens.refresh).status == .ok)
        }
    }

    @Test func `a client whose MCP servers are removed is not opened to others by an export`() async throws {
        try await Harness.run { h in
            try await h.changes.apply(Self.whole)
            try await h.administer(.resources(.remove("https://mail.example/mcp")))
            let exported = try await h.changes.exported()
            let desk = try #require(exported["clients"]?.array?.compactMap(\.object).first { $0["id"] == "desk" })
            #expect(desk["resources"] == ["none"])
            #expect(try await h.changes.apply(exported, prunes: true).note == "Nothing changes.")
            let error = await #expect(throws: AdministrationError.self) {
                try await h.changes.apply(["clients": [["id": "desk", "resources": []]]])
            }
            #expect(error?.description.contains("is empty") == true)
            // Registered again, the MCP server is another one, and the client may use it once the document says so.
            let again: JSONObject = [
                "resources": [["resource": "https://mail.example/mcp", "name": "Mail", "owner": "Mail team"]],
                "clients": [["id": "desk", "resources": ["https://mail.example/mcp"]]],
            ]
            #expect(try await h.changes.apply(again).rows.first?["changes"]?.array?.count == 2)
            #expect(try await h.changes.apply(again).note == "Nothing changes.")
        }
    }

    @Test func `a scope is dropped together with the action that demands it`() async throws {
        try await Harness.run { h in
            try await h.changes.apply(Self.whole)
            let document: JSONObject = [
                "resources": [
                    [
                        "resource": "https://mail.example/mcp", "scopes": [["name": "mail:read"]],
                        "policy": ["actions": []],
                    ],
                    ["resource": "https://files.example/mcp"],
                ]
            ]
            try await h.changes.apply(document, prunes: true)
            #expect(try await h.changes.apply(document, prunes: true).note == "Nothing changes.")
        }
    }

    @Test func `a name that pruning would remove is refused before anything is written`() async throws {
        try await Harness.run { h in
            try await h.changes.apply(Self.whole)
            let before = try await h.changes.exported()
            var document = Self.whole
            document["groups"] = [["name": "corp-eng", "from": "corp", "claim": "Engineering"]]
            let error = await #expect(throws: AdministrationError.self) {
                try await h.changes.apply(document, prunes: true)
            }
            #expect(error?.description.contains("'editors'") == true)
            #expect(try await h.changes.exported() == before)
        }
    }

    @Test func `a redirect that a document leaves out counts as taken away, with the code that went there`()
        async throws
    {
        try await Harness.run { h in
            let code = try await h.code()
            let document: JSONObject = ["clients": [["id": "quill", "redirect_uris": [.string(Harness.loopback)]]]]
            let preview = try await h.changes.apply(document, isDryRun: true)
            #expect(preview.rows.first?["sessions_ended"] == 1)
            let change = preview.rows.first?["changes"]?.array?.first?.object?["changes"]?.array?.first?.object
            #expect(change?["narrows"] == true)
            #expect(try await h.changes.apply(document).rows.first?["sessions_ended"] == 1)
            #expect(try await h.redeem(code).error == "invalid_grant")
        }
    }

    @Test func `a secret that a document replaces takes an older one with it`() async throws {
        try await Harness.run { h in
            let rotated = try await h.administer(.resources(.rotateSecret(h.resource.id.string, overlap: "24h")))
            let second = try #require(rotated.rows.first?["client_secret"]?.string)
            let third = ClientSecret.random()
            try await h.changes.apply([
                "resources": [["resource": "https://files.example/mcp", "client_secret": .string(third.reveal())]]
            ])
            #expect(try await h.introspect("x", secret: third.reveal())["active"] == false)
            for old in [h.resourceSecret.reveal(), second] {
                #expect(try await h.introspect("x", secret: old)["error"] == "invalid_client")
            }
        }
    }

    @Test func `a document that is wrong anywhere changes nothing`() async throws {
        try await Harness.run { h in
            let (before, records) = (try await h.changes.exported(), try await h.changes.trail())
            for (document, sentence) in Self.wrong {
                var whole = Self.whole
                for (name, value) in document.members { whole[name] = value }
                let error = await #expect(throws: AdministrationError.self) { try await h.changes.apply(whole) }
                #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "") for \(sentence)")
                #expect(try await h.changes.exported() == before)
            }
            #expect(try await h.changes.trail() == records)
        }
    }

    private static let wrong: [(JSONObject, String)] = [
        (["reources": []], "'reources' is unknown. Did you mean 'resources'?"),
        (["groups": [["nmae": "x"]]], "'groups[0].nmae' is unknown. Did you mean 'name'?"),
        (["groups": [["name": "a"], ["name": "A"]]], "twice"),
        (["clients": [["name": "No id"]]], "'clients[0]' lacks 'id'."),
        (["clients": [["id": "new"]]], "give 'name'"),
        (["clients": [["id": "quill", "auth": "client_secret_post"]]], "'auth' of client 'quill' cannot change"),
        (["clients": [["id": "x", "name": "X", "redirect_uris": ["nowhere"]]]], "redirect"),
        (
            ["clients": [["id": "x", "name": "X", "client_secret": "hunter2", "auth": "client_secret_post"]]],
            "generated"
        ),
        (["rules": [["host": "a.example", "client": "x", "rule": "allow"]]], "either"),
        (["rules": [["host": "a.example", "rule": "maybe"]]], "allow or block"),
        (["resources": [["resource": "https://new.example/"]]], "give 'name' and 'owner'"),
        (
            ["resources": [["resource": "https://files.example/mcp", "policy": ["longst_session": "8h"]]]],
            "Did you mean 'longest_session'?"
        ),
        (
            ["resources": [["resource": "https://files.example/mcp", "policy": ["longest_session": "soon"]]]],
            "must be a duration"
        ),
        (
            ["resources": [["resource": "https://files.example/mcp", "policy": ["access": ["groups": ["none"]]]]]],
            "Group 'none' not found"
        ),
        (
            ["resources": [["resource": "https://files.example/mcp", "policy": ["scope_groups": ["x": ["editors"]]]]]],
            "has no scope 'x'"
        ),
    ]

    @Test func `a secret of the document replaces the old one once, and is nowhere shown`() async throws {
        try await Harness.run { h in
            let secret = ClientSecret.random()
            let document: JSONObject = [
                "resources": [["resource": "https://files.example/mcp", "client_secret": .string(secret.reveal())]]
            ]
            let answer = try await h.changes.apply(document)
            #expect(answer.rows.first?["secrets_replaced"] == ["https://files.example/mcp"])
            #expect(!answer.json.text.contains(secret.reveal()))
            #expect(try await h.introspect("x", secret: secret.reveal())["active"] == false)
            #expect(try await h.introspect("x")["error"] == "invalid_client")
            #expect(try await h.changes.apply(document).note == "Nothing changes.")
            #expect(try await h.records(.resourceSecretRotated).count == 1)
            #expect(!JSON.object(try await h.changes.exported()).text.contains(secret.reveal()))
        }
    }

    @Test func `a change that was previewed is refused when something else changed since`() async throws {
        try await Harness.run { h in
            let document: JSONObject = ["resources": [["resource": "https://files.example/mcp", "owner": "Data team"]]]
            let preview = try await h.changes.apply(document, isDryRun: true)
            let expected = try #require(preview.rows.first?["fingerprint"]?.string)
            try await h.changes.edit(ResourceChange(owner: "Third team"))
            let error = await #expect(throws: AdministrationError.self) {
                try await h.changes.apply(document, expected: expected)
            }
            #expect(error?.kind == .conflict)
            let owner = try await h.gatehouse.store.read { [id = h.resource.id] in try $0.resources.find(id: id)?.owner
            }
            #expect(owner == "Third team")
            let fresh = try await h.changes.apply(document, isDryRun: true).rows.first?["fingerprint"]?.string
            try await h.changes.apply(document, expected: fresh)
        }
    }

    @Test func `of documents that are applied at once each is whole, one after the other`() async throws {
        try await Harness.run { h in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for team in 0..<8 {
                    group.addTask {
                        try await h.changes.apply([
                            "groups": [["name": .string("team-\(team)")]],
                            "resources": [
                                [
                                    "resource": "https://files.example/mcp", "owner": .string("team-\(team)"),
                                    "policy": ["access": ["groups": [.string("team-\(team)")]]],
                                ]
                            ],
                        ])
                    }
                }
                try await group.waitForAll()
            }
            let exported = try await h.changes.exported()
            #expect(exported["groups"]?.array?.count == 8)
            let server = try #require(exported["resources"]?.array?.first?.object)
            let owner = try #require(server["owner"]?.string)
            #expect(server["policy"]?.object?["access"]?.object?["groups"] == [.string(owner)])
        }
    }

    @Test func `a narrower access rule and excluded hosts end sessions, each with its reason`() async throws {
        try await DocumentScene.play { scene in
            let h = scene.h
            let excluded = try await scene.tokens()
            let registered = try await h.tokens()
            try await h.administer(.groups(.add(name: "none")))
            try await h.changes.apply([
                "resources": [
                    [
                        "resource": "https://files.example/mcp",
                        "policy": ["client_hosts": ["desk.example"], "access": ["groups": ["none"]]],
                    ]
                ]
            ])
            #expect(try await h.introspect(excluded.access)["active"] == false)
            #expect(try await h.introspect(registered.access)["active"] == false)
            let reasons = Set(try await h.sessions().compactMap(\.endReason))
            #expect(reasons == [.hostExcluded, .accessLost])
        }
    }
}

extension Harness {
    /// What an operator changes here.
    var changes: ChangeSteps { ChangeSteps(harness: self) }
}

/// Changes as an operator makes them.
struct ChangeSteps {
    let harness: Harness

    /// Applies a document, as an operator does.
    @discardableResult
    func apply(
        _ document: JSONObject, prunes: Bool = false, isDryRun: Bool = false, expected: String? = nil
    ) async throws -> AdministrationAnswer {
        try await harness.administer(
            .configuration(
                .apply(
                    ApplyDraft(
                        document: JSON.object(document).text, prunes: prunes, isDryRun: isDryRun, expected: expected))))
    }

    func exported() async throws -> JSONObject {
        try #require(try await harness.administer(.configuration(.export)).rows.first)
    }

    /// The number of records of the trail.
    func trail() async throws -> Int {
        try await harness.gatehouse.store.read { try $0.audit.tail(limit: 10_000).count }
    }
}
