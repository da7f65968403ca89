import ArgumentParser
import AuthorizationServer
import JOSE
import OAuth
import Testing

@testable import gatehouse

@Suite("Output on a terminal")
struct TerminalTests {
    private let columns = [Column("id"), Column("name"), Column("resource"), Column("expires_at", .time)]
    private let rows: [JSONObject] = [
        [
            "id": "ses_0123456789abcdefghijkl", "name": "A client with quite a long name of its own",
            "resource": "https://files.example.org/mcp/with/a/long/path", "expires_at": "2026-11-21T18:00:00Z",
        ],
        ["id": "ses_abcdefghijkl0123456789", "name": .null, "resource": "https://a.example", "expires_at": .null],
    ]

    private func lines(_ answer: AdministrationAnswer, width: Int?) throws -> [String] {
        let now = try #require(Timestamp(rfc3339: "2026-11-21T06:00:00Z"))
        return Presentation(columns: columns, json: false, now: now).text(answer, width: width)
    }

    @Test func `A table fits 80 columns and never cuts the first column`() throws {
        let lines = try lines(.many(rows), width: 80)
        #expect(lines.count == 3)
        #expect(lines.allSatisfy { $0.count <= 80 })
        #expect(lines[1].hasPrefix("ses_0123456789abcdefghijkl  "))
        #expect(lines[1].contains("…") && lines[1].hasSuffix("in 12h"))
    }

    @Test func `A table in 200 columns, or in a pipe, cuts nothing`() throws {
        for width in [200, nil] {
            let lines = try lines(.many(rows), width: width)
            #expect(
                lines[1].contains(
                    "A client with quite a long name of its own  https://files.example.org/mcp/with/a/long/path"))
            #expect(!lines.joined().contains("…"))
        }
    }

    @Test func `A row that is too wide continues below, and IDs and times are never cut`() throws {
        let row: JSONObject = [
            "id": "ses_0123456789abcdefghijkl", "user": "ana", "client_id": "desk", "client_name": "Claude Desktop",
            "resource": "https://files.example.org/team/mcp", "scope": "files:read files:write", "state": "active",
            "created_at": "2026-11-21T05:00:00Z", "expires_at": "2026-11-21T18:00:00Z",
            "last_used_at": "2026-11-21T05:55:00Z",
        ]
        let now = try #require(Timestamp(rfc3339: "2026-11-21T06:00:00Z"))
        func lines(_ columns: [Column], _ width: Int) -> [String] {
            Presentation(columns: columns, json: false, now: now).text(.many([row, row]), width: width)
        }
        let narrow = lines(Sessions.columns, 80)
        #expect(narrow.count == 6 && narrow.allSatisfy { $0.count <= 80 })
        #expect(narrow[0].hasPrefix("ID ") && narrow[1].hasPrefix("  ") && narrow[2] == narrow[4])
        let whole = narrow[2] + narrow[3]
        for word in ["ses_0123456789abcdefghijkl", "ana", "Claude", "active", "in 12h", "5m ago", "files:read"] {
            #expect(whole.contains(word), "\(word)")
        }
        #expect(lines(Sessions.columns, 200).count == 3 && lines(Sessions.columns, 200)[1].count <= 200)
        #expect(lines(Sessions.columns, 200)[1].contains("https://files.example.org/team/mcp"))
        for width in [20, 26, 40, 60] {
            #expect(lines(Sessions.columns, width).contains { $0.contains("ses_0123456789abcdefghijkl") })
        }
        let ids = lines([Column("client_name"), Column("resource", .link), Column("id", .id), Column("id", .id)], 60)
        #expect(ids.filter { $0.contains("ses_0123456789abcdefghijkl") }.count == 2, "\(ids)")
    }

    @Test func `A URL that is too long shows both ends, without its scheme`() throws {
        let columns = [Column("id"), Column("resource", .link), Column("expires_at", .time)]
        let now = try #require(Timestamp(rfc3339: "2026-11-21T06:00:00Z"))
        func cell(_ width: Int) -> String {
            let lines = Presentation(columns: columns, json: false, now: now).text(.many(rows), width: width)
            return String(lines[1].dropFirst(28).prefix { $0 != " " })
        }
        #expect(cell(85) == "https://files.example.org/mcp/with/a/long/path")
        #expect(cell(78) == "files.example.org/mcp/with/a/long/path")
        #expect(cell(65) == "files.example.…h/a/long/path")
    }

    @Test func `An empty list prints one line`() throws {
        #expect(try lines(.many([]), width: 80).count == 1)
    }

    @Test func `One object is printed field by field`() throws {
        let row: JSONObject = ["id": "res_1", "scopes": ["a", "b"], "disabled": false]
        #expect(try lines(.one(row), width: 80) == ["id        res_1", "scopes    a", "          b", "disabled  no"])
    }

    @Test func `A long value continues on the next lines and loses nothing`() throws {
        let words = (1...40).map { "word\($0)" }.joined(separator: " ")
        let address = "https://files.example.org/" + String(repeating: "long/", count: 20)
        let lines = try lines(.one(["id": "res_1", "text": .string(words), "uri": .string(address)]), width: 80)
        #expect(lines.filter { $0.count > 80 } == ["uri   " + address])
        #expect(lines.joined(separator: " ").split(separator: " ").joined(separator: " ").contains(words))
        #expect(try self.lines(.one(["text": .string(words)]), width: nil) == ["text  " + words])
    }

    @Test(arguments: [80, 200])
    func `The audit trail of a session has one line a record`(width: Int) throws {
        let resource = "res_AAAAAAAAAAAAAAAAAAAAAA"
        let rows: [JSONObject] = [
            record("usr_AAAAAAAAAAAAAAAAAAAAAA", "session.approved", "human"),
            record("https://client.example/a.json", "token.refreshed", "model"),
            record(resource, "action.evaluated", "server", outcome: "refused", reason: "its session is over"),
            record(resource, "form.asked", "server", evidence: "reported by " + resource),
            record("admin 1000 (claims grace)", "session.ended", "human", reason: "revoked_by_admin"),
            record("system", "elicitation.cancelled", "system"),
        ]
        let tail = try Audit.Tail.parse(["--session", "ses_0123456789abcdefghijkl"])
        let now = try #require(Timestamp(rfc3339: "2026-11-21T06:00:59Z"))
        let table = Presentation(columns: tail.columns, json: false, now: now, displayed: tail.displayed)
        let lines = table.text(.many(rows), width: width)
        #expect(lines.count == 1 + rows.count && lines.allSatisfy { $0.count <= width })
        let told = lines.map { $0.split(separator: " ").joined(separator: " ") }
        #expect(told[0] == "# AT INITIATOR ACTOR ACTION OUTCOME REASON")
        #expect(told[1] == "1 59s ago human user session.approved success -")
        #expect(told[2] == "1 59s ago model client token.refreshed success -")
        #expect(told[3].hasPrefix("1 59s ago server server action.evaluated refused its ses"))
        #expect(told[4] == "1 59s ago server (rep) server form.asked success -")
        #expect(told[5].hasPrefix("1 59s ago human admin 1000"))
        #expect(told[6] == "1 59s ago system system elicitation.cancelled success -")
        let every = try Audit.Tail.parse([])
        #expect(every.columns.map(\.field).suffix(3) == ["user", "client_id", "session"])
    }

    private func record(
        _ actor: String, _ action: String, _ initiator: String, outcome: String = "success", reason: String? = nil,
        evidence: String = "witnessed"
    ) -> JSONObject {
        [
            "sequence": 1, "at": "2026-11-21T06:00:00Z", "action": .string(action), "outcome": .string(outcome),
            "actor": .string(actor), "user": "ada", "client_id": "https://client.example/a.json",
            "session": "ses_0123456789abcdefghijkl", "reason": reason.map { .string($0) } ?? .null,
            "initiator": .string(initiator), "evidence": .string(evidence),
        ]
    }

    @Test func `A nested object is a table, and a long value continues below`() throws {
        let row: JSONObject = [
            "id": "res_1", "reach": [["scope": "w", "fresh_sign_in": "5m"], ["scope": "r", "fresh_sign_in": .null]],
            "scope_texts": ["a_b": "Read all of the files that you can read", "c": "Write", "d": []],
            "idle_limit": ["value": "8h", "from": "policy"], "hosts": ["value": [], "from": "configuration"],
            "choices": ["value": ["1h", "8h"], "from": "policy"], "none": JSON.object([:]),
            "token": "a-word-that-is-longer-than-the-line-is-wide",
        ]
        #expect(
            try lines(.one(row), width: 40) == [
                "id           res_1", "reach        scope w, fresh sign in 5m", "             scope r",
                "scope texts  a_b  Read all of the files",
                "                    that you can read", "             c    Write", "             d    -",
                "idle limit   8h (policy)", "hosts        - (configuration)",
                "choices      1h, 8h (policy)", "none         -",
                "token        a-word-that-is-longer-than-the-line-is-wide",
            ])
        #expect(try lines(.one(row), width: nil).contains("scope texts  a_b  Read all of the files that you can read"))
    }

    @Test func `Names of fields cannot control the terminal`() throws {
        let row: JSONObject = ["texts": .object(["x\u{1B}[2J": "y\u{1B}[2J"])]
        #expect(!(try lines(.one(row), width: 80).joined().unicodeScalars.contains("\u{1B}")))
    }

    @Test func `Escape sequences, line ends and reordering marks are replaced`() throws {
        let row: JSONObject = [
            "id": "a", "name": "x\u{1B}[2J\r\ny\u{202E}z\u{85}", "resource": "b", "expires_at": .null,
        ]
        let text = try lines(.many([row]), width: nil).joined(separator: "\n")
        for scalar in ["\u{1B}", "\r", "\u{202E}", "\u{85}"] as [Unicode.Scalar] {
            #expect(!text.unicodeScalars.contains(scalar))
        }
        #expect(text.split(separator: "\n").count == 2)
    }

    @Test func `Times are printed as their distance from now`() {
        #expect(Presentation.distance(43_200) == "in 12h")
        #expect(Presentation.distance(-59) == "59s ago")
        #expect(Presentation.distance(0) == "now")
        #expect(Presentation.distance(172_800) == "in 2d")
    }

    @Test func `Options before the verb are moved behind it`() {
        func moved(_ line: String) -> [String] {
            LeadingOptions.moved(line.split(separator: " ").map(String.init), for: GatehouseCommand.self)
        }
        #expect(moved("--config f --json users list") == ["users", "list", "--config", "f", "--json"])
        #expect(moved("users --json list") == ["users", "list", "--json"])
        #expect(moved("--config=f serve --issuer i") == ["serve", "--config=f", "--issuer", "i"])
        #expect(moved("users add --email --json") == ["users", "add", "--email", "--json"])
    }
}
