import Foundation
import JOSE
import OAuth
import Storage
import TestSupport
import Testing

@Suite("users invite, users reset and users import")
struct UserLinkCommandTests {
    private static let issuer = ["GATEHOUSE_ISSUER": "https://auth.example"]

    /// A program for `mail.command` that keeps its input and its arguments, and what a run of a command needs to use it.
    private func mail(_ gatehouse: CommandLineProgram, then: String = "exit 0") throws -> [String: String] {
        let script = try gatehouse.stage.write(
            """
            #!/bin/sh
            printf '%s\\n' "$@" > '\(gatehouse.stage.path("arguments"))'
            env > '\(gatehouse.stage.path("environment"))'
            cat >> '\(gatehouse.stage.path("mail"))'
            \(then)
            """, to: "mail.sh")
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: script)
        return Self.issuer.merging(["GATEHOUSE_MAIL_COMMAND": "\(script),-t,-i"]) { $1 }
    }

    private func text(_ gatehouse: CommandLineProgram, _ name: String) -> String {
        (try? String(contentsOfFile: gatehouse.stage.path(name), encoding: .utf8)) ?? ""
    }

    @Test func `an invitation prints its link once and stores only the digest`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let run = try await gatehouse(
                "users", "invite", "grace", "--email", "grace@example.org", "--json", environment: Self.issuer)
            let row = try #require(try run.json().object)
            let link = try #require(row["link"]?.string)
            #expect(link.hasPrefix("https://auth.example/invitations/gate_l_") && row["email"] == "grace@example.org")
            let secret = try #require(AccountLinkSecret(String(link.split(separator: "/").last ?? "")))
            let user = try await gatehouse.withStore { store in
                try await store.read { try $0.accountLinks.find(secret.digest)?.user.name }
            }
            #expect(user == "grace")
            for words in [["users", "list"], ["audit", "tail"]] {
                #expect(try await !gatehouse(words + ["--json"]).output.contains(secret.reveal()))
            }
            let plain = try await gatehouse("users", "invite", "grace", environment: Self.issuer)
            #expect(plain.output.contains("https://auth.example/invitations/") && plain.output.contains("24 hours"))
        }
    }

    @Test func `a reset removes the password; without a terminal it asks nothing and keeps the sessions`() async throws
    {
        try await SessionWorld.play { world in
            let run = try await world.gatehouse("users", "reset", "ada", "--json")
            let row = try run.json().object
            #expect(row?["link"]?.string?.contains("/invitations/gate_l_") == true && row?["sessions_ended"] == nil)
            #expect(try await world.live().count == SessionWorld.approvals.count)
            let password = try await world.gatehouse.withStore { store in
                try await store.read { tx in
                    try tx.users.find(named: "ada").flatMap { try tx.credentials.find(.password, of: $0.id) }
                }
            }
            #expect(password == nil)
        }
    }

    @Test(arguments: ["--revoke-sessions", "--end-sessions"])
    func `a reset revokes the sessions on request, and prints their number`(option: String) async throws {
        try await SessionWorld.play { world in
            let row = try await world.gatehouse("users", "reset", "ada", option, "--json").json().object
            #expect(row?["sessions_ended"] == 1)
            #expect(try await world.live().count == SessionWorld.approvals.count - 1)
        }
    }

    @Test(arguments: [("y\n", 1), ("n\n", 0)])
    func `on a terminal a reset asks whether to revoke the sessions`(typed: String, revoked: Int) async throws {
        try await SessionWorld.play { world in
            let (run, shown) = try await world.gatehouse.inTerminal(["users", "reset", "ada"], typed: typed)
            #expect(run.status == 0 && shown.contains("Also revoke this session?"), "\(shown)")
            #expect(try await world.live().count == SessionWorld.approvals.count - revoked)
        }
    }

    @Test func `mail.command gets message and link on its standard input, and the link is not printed`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let environment = try mail(gatehouse)
            let run = try await gatehouse(
                "users", "invite", "grace", "--email", "grace@example.org", "--json", environment: environment)
            let row = try run.json().object
            #expect(run.status == 0 && row?["mailed_to"] == "grace@example.org" && row?["link"] == nil)
            let message = text(gatehouse, "mail")
            #expect(message.contains("\nTo: grace@example.org\n") || message.hasPrefix("To: grace@example.org\n"))
            let link = try #require(message.split(separator: "\n").first { $0.contains("/invitations/gate_l_") })
            #expect(link.hasPrefix("https://auth.example/invitations/") && !run.output.contains("gate_l_"))
            #expect(text(gatehouse, "arguments") == "-t\n-i\n")
            #expect(!text(gatehouse, "environment").contains("GATEHOUSE_"))
            let printed = try await gatehouse(
                "users", "invite", "grace", "--print-link", "--json", environment: environment)
            #expect(try printed.json().object?["link"] != nil && text(gatehouse, "mail") == message)
        }
    }

    @Test(arguments: [("exit 75", "status 75"), ("kill -9 $$", "signal 9")])
    func `where mail.command fails, one sentence says so and the link is printed`(
        then: String, words: String
    ) async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let run = try await gatehouse(
                "users", "invite", "grace", "--email", "grace@example.org", "--json",
                environment: try mail(gatehouse, then: then))
            #expect(run.status == 0 && run.errors.contains("Nothing was sent") && run.errors.contains(words))
            #expect(try run.json().object?["link"] != nil)
        }
    }

    @Test func `with sign_in.password false, a link that sets a password is not sent and comes with a warning`()
        async throws
    {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let environment = try mail(gatehouse).merging(["GATEHOUSE_SIGN_IN_PASSWORD": "false"]) { $1 }
            let run = try await gatehouse(
                "users", "invite", "grace", "--email", "grace@example.org", "--json", environment: environment)
            #expect(run.status == 0 && run.errors.contains("--identity-provider"), "\(run.errors)")
            #expect(try run.json().object?["link"] != nil && text(gatehouse, "mail").isEmpty)
            let file = try gatehouse.stage.write("name\nhedy\n", to: "users.csv")
            let list = try await gatehouse("users", "import", file, environment: environment)
            #expect(list.status == 1 && list.errors.contains("'hedy' needs an identity provider"), "\(list.errors)")
            #expect(try await gatehouse("users", "list", "--json").json().array?.count == 1)
            let plain = try await gatehouse("users", "invite", "grace", "--json", environment: Self.issuer)
            #expect(!plain.errors.contains("--identity-provider"))
        }
    }

    @Test func `a missing program, and an address that would reach two, send nothing`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let missing = Self.issuer.merging(["GATEHOUSE_MAIL_COMMAND": gatehouse.stage.path("missing")]) { $1 }
            for (address, environment) in [
                ("grace@example.org", missing), ("grace@example.org,eve@evil.example", try mail(gatehouse)),
                ("Grace <grace@example.org>", try mail(gatehouse)),
            ] {
                let run = try await gatehouse(
                    "users", "invite", "grace", "--email", address, "--json", environment: environment)
                #expect(run.status == 0 && run.errors.contains("Nothing was sent"), "\(run.errors)")
                #expect(try run.json().object?["link"] != nil)
            }
            #expect(text(gatehouse, "mail").isEmpty)
        }
    }

    @Test func `an import invites each user of the file, skips those who exist, and mails the others`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            _ = try await gatehouse("users", "add", "ada", "--password-stdin", input: "correct horse battery\n")
            let file = try gatehouse.stage.write(
                "email,name\ngrace@example.org,grace\n,\"hedy, the inventor\"\nada@example.org,ada\n", to: "users.csv")
            let run = try await gatehouse("users", "import", file, "--json", environment: try mail(gatehouse))
            let rows = try run.json().array?.compactMap(\.object) ?? []
            #expect(rows.map { $0["state"] } == ["mailed", "invited", "skipped"] && run.status == 1)
            #expect(rows.map { $0["name"] } == ["grace", "hedy, the inventor", "ada"])
            #expect(rows.map { $0["link"] != nil } == [false, true, false])
            #expect(rows[2]["problem"]?.string?.contains("already exists") == true)
            #expect(text(gatehouse, "mail").contains("To: grace@example.org"))
            let list = try await gatehouse("users", "list", "--json").json().array?.compactMap(\.object) ?? []
            #expect(list.map { $0["state"] } == ["enabled", "invited", "invited"])
        }
    }

    @Test func `an import with a bad line invites nobody`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let file = try gatehouse.stage.write("name,email\ngrace,grace@example.org\ngrace,\n", to: "users.csv")
            let run = try await gatehouse("users", "import", file)
            #expect(run.status == 1 && run.errors.contains("Line 3 repeats the name 'grace'"), "\(run.errors)")
            #expect(try await gatehouse("users", "list", "--json").json() == [])
        }
    }
}
