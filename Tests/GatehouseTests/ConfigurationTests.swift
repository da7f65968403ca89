import ArgumentParser
import AuthorizationServer
import Foundation
import TestSupport
import Testing

@testable import gatehouse

@Suite("Configuration")
struct ConfigurationTests {
    private func load(
        _ yaml: String = "", flags: [ConfigurationKey: [String]] = [:], environment: [String: String] = [:]
    ) throws -> ServerConfiguration {
        let folder = try TemporaryFolder()
        try folder.write(yaml, to: "gatehouse.yaml")
        let sources = try ConfigurationSources(
            flags: flags, environment: environment, file: "gatehouse.yaml", workingDirectory: folder.path)
        var configuration = try ServerConfiguration(sources)
        configuration.data = configuration.data.replacing(folder.path, with: "FOLDER")
        return configuration
    }

    private func sentence(_ yaml: String, environment: [String: String] = [:]) -> String {
        do {
            _ = try load(yaml, environment: environment)
            return "accepted"
        } catch {
            return "\(error)"
        }
    }

    @Test func `Without any setting the documented defaults apply`() throws {
        let configuration = try load()
        #expect(configuration.issuer == "http://localhost:8080")
        #expect(configuration.listen == ListenAddress("127.0.0.1:8080"))
        #expect(configuration.operationsListen == ListenAddress("127.0.0.1:8081"))
        #expect(configuration.accessLifetime == 600 && configuration.codeLifetime == 60)
        #expect(configuration.refreshGrace == 120 && configuration.sessionIdle == 1_209_600)
        #expect(
            configuration.sessionChoices == [3600, 43_200, 2_592_000] && configuration.sessionPreselected == 43_200)
        #expect(configuration.documentsMaxSize == 16_384)
        #expect(configuration.documentsAllow == ["*"])
        #expect(configuration.tls == nil)
    }

    @Test func `Metadata at the root paths is off by default`() throws {
        #expect(try !load().metadataAtRoot && !load().settings().metadataAtRoot)
        #expect(try load("issuer: https://a.example/t1\nmetadata_at_root: true").settings().metadataAtRoot)
        #expect(sentence("metadata_at_root: perhaps").contains("true or false"))
    }

    @Test func `Hosts of the back channel and limits of connections are read, the hosts in lower case`() throws {
        let configuration = try load(
            """
            back_channel_hosts: [Gatehouse.internal:8080, gatehouse, 10.0.0.7, "[fd00::7]:8080"]
            operations: { hosts: [Gatehouse] }
            connections: { total: 100, per_address: 7, stall: 5s }
            """)
        #expect(
            configuration.backChannelHosts
                == ["gatehouse.internal:8080", "gatehouse", "10.0.0.7", "[fd00::7]:8080"])
        #expect(configuration.operationsHosts == ["gatehouse"])
        #expect(configuration.connectionsPerAddress == 7 && configuration.connectionsStall == 5)
        // A reserve remains for the database and outbound fetches.
        #expect(configuration.connectionLimit(openFiles: 300) == 44)
        #expect(configuration.connectionLimit(openFiles: 100_000) == 100)
        let usual = try load()
        #expect(usual.connectionsTotal == 4096 && usual.connectionsPerAddress == 256 && usual.connectionsStall == 30)
    }

    @Test func `The example of the documentation is accepted`() throws {
        let document = try #require(try? Self.document())
        let yaml = try #require(document.components(separatedBy: "```yaml\n").dropFirst().first)
        let configuration = try load(yaml.components(separatedBy: "```")[0])
        #expect(configuration.adminGroup == "operators")
        #expect(configuration.sessionChoices == [3600, 43_200, 604_800])
    }

    @Test func `The documentation lists every key with its default, and no others`() throws {
        let rows = try Self.document().split(separator: "\n").filter { $0.hasPrefix("| `") }
        let documented = rows.map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
        #expect(
            documented.map { $0[0].replacing("`", with: "") }.sorted() == ConfigurationKey.all.map(\.path).sorted()
        )
        for row in documented {
            let key = try #require(ConfigurationKey.named(row[0].replacing("`", with: "")))
            let shown = row[1].filter { !"`[]\" ".contains($0) }
            let expected =
                key.defaultValue.isEmpty ? (key.isList ? "none" : "–") : key.defaultValue.joined(separator: ",")
            #expect(shown == expected, "\(key.path)")
        }
    }

    @Test func `Each key has a flag, and the flag sets that key`() throws {
        for key in ConfigurationKey.all {
            let flags = try ConfigurationFlags.parse([key.flag, "some-value"])
            #expect(flags.values == [key: ["some-value"]])
        }
    }

    @Test func `A flag takes precedence over a variable, and a variable over the file`() throws {
        let yaml = "tokens: { access: 5m, code: 30s, refresh_grace: 10s }"
        let environment = ["GATEHOUSE_TOKENS_ACCESS": "6m", "GATEHOUSE_TOKENS_CODE": "40s"]
        let configuration = try load(
            yaml, flags: [ConfigurationKeys.all.accessLifetime.key: ["7m"]], environment: environment)
        #expect(configuration.accessLifetime == 420 && configuration.codeLifetime == 40)
        #expect(configuration.refreshGrace == 10)
    }

    @Test func `A list in a variable is separated by commas`() throws {
        let configuration = try load(environment: ["GATEHOUSE_PROXIES": "10.0.0.1,::1"])
        #expect(configuration.proxies == ["10.0.0.1", "::1"])
    }

    @Test func `Variables of a Kubernetes service named gatehouse are ignored, and misspelt ones are refused`()
        throws
    {
        let service = [
            "GATEHOUSE_SERVICE_HOST": "10.0.0.9", "GATEHOUSE_SERVICE_PORT": "8080",
            "GATEHOUSE_PORT": "tcp://10.0.0.9:8080",
            "GATEHOUSE_SERVICE_PORT_HTTPS": "8443", "GATEHOUSE_PORT_8080_TCP": "tcp://10.0.0.9:8080",
            "GATEHOUSE_PORT_8080_TCP_PROTO": "tcp", "GATEHOUSE_PORT_8080_TCP_PORT": "8080",
            "GATEHOUSE_PORT_8080_TCP_ADDR": "10.0.0.9", "GATEHOUSE_PORT_53_UDP_ADDR": "10.0.0.9",
            "GATEHOUSE_OPERATIONS_SERVICE_HOST": "10.0.0.8", "GATEHOUSE_OPERATIONS_PORT": "tcp://10.0.0.8:8081",
            "GATEHOUSE_OPERATIONS_PORT_8081_TCP": "tcp://10.0.0.8:8081",
        ]
        #expect(try load(environment: service).operationsListen == load().operationsListen)
        #expect(try load(environment: service.merging(["GATEHOUSE_TOKENS_ACCESS": "6m"]) { $1 }).accessLifetime == 360)
        for name in [
            "GATEHOUSE_PORTS", "GATEHOUSE_PORT_TCP", "GATEHOUSE_PORT_X_TCP", "GATEHOUSE_SERVICE", "GATEHOUSE_TCP_ADDR",
        ] {
            #expect(sentence("", environment: [name: "1"]).contains("'\(name)'"), "\(name)")
        }
    }

    @Test func `Variables of an MCP server in the same shell are ignored, and similar ones are refused`() throws {
        for name in ["RESOURCE", "CLIENT_ID", "CLIENT_SECRET", "KEY_FILE", "VERIFY"].map({ "GATEHOUSE_" + $0 }) {
            #expect(sentence("", environment: [name: "https://mcp.example/"]) == "accepted", "\(name)")
            #expect(sentence("", environment: [name + "S": "1"]).contains("'\(name)S'"), "\(name)S")
        }
        let both = ["GATEHOUSE_ISSUER": "https://auth.example", "GATEHOUSE_CLIENT_SECRET": "s"]
        #expect(try load(environment: both).issuer == "https://auth.example")
    }

    @Test(arguments: ["/", "/var", "/tmp", "/run/", "/usr/local", "/etc/../srv"])
    func `A system folder is refused for data and keys`(path: String) {
        for key in ["data", "keys"] {
            let refusal = sentence("\(key): \(path)")
            #expect(refusal.contains("'\(key)'") && refusal.contains("system folder"), "\(refusal)")
        }
        #expect(sentence("data: \(path)/gatehouse-test") == "accepted")
    }

    @Test func `An empty value counts as not set`() throws {
        let yaml =
            "admin: { socket: s.sock, group: }\ndefault_resource:\ntls: { certificate: , key: }\nproxies:\noutbound:"
        let configuration = try load(yaml, environment: ["GATEHOUSE_ISSUER": ""])
        #expect(configuration.adminGroup == nil && configuration.tls == nil && configuration.proxies == [])
        #expect(configuration.issuer == "http://localhost:8080")
    }

    @Test func `Relative paths resolve against the file, absolute ones stay`() throws {
        #expect(try load("data: here/../data").data == "FOLDER/data")
        #expect(try load("data: /srv/data").data == "/srv/data")
    }

    /// The issuer that is read where a folder has these three files and each says its own name.
    private func issuer(named: Bool, variable: Bool, installed: Bool) throws -> String {
        let folder = try TemporaryFolder()
        for name in ["named", "variable", "installed"] { try folder.write("issuer: https://\(name).example", to: name) }
        return try withExtendedLifetime(folder) {
            try ServerConfiguration(
                ConfigurationSources(
                    flags: [:], environment: variable ? ["GATEHOUSE_CONFIG": folder.path + "/variable"] : [:],
                    file: named ? folder.path + "/named" : nil, workingDirectory: folder.path,
                    installed: folder.path + (installed ? "/installed" : "/missing/installed"))
            ).issuer
        }
    }

    @Test func `The file of an installed server applies if no other one is named`() throws {
        #expect(try issuer(named: true, variable: true, installed: true) == "https://named.example")
        #expect(try issuer(named: false, variable: true, installed: true) == "https://variable.example")
        #expect(try issuer(named: false, variable: false, installed: true) == "https://installed.example")
        #expect(try issuer(named: false, variable: false, installed: false) == "http://localhost:8080")
    }

    @Test func `A gatehouse.yaml in the working directory is read only by its name`() throws {
        let folder = try TemporaryFolder()
        try folder.write("issuer: https://here.example", to: "gatehouse.yaml")
        let issuer = try withExtendedLifetime(folder) {
            try ServerConfiguration(
                ConfigurationSources(
                    flags: [:], environment: [:], file: nil, workingDirectory: folder.path,
                    installed: folder.path + "/missing")
            ).issuer
        }
        #expect(issuer == "http://localhost:8080")
    }

    @Test func `A file of an installed server that cannot be read is an error`() throws {
        let folder = try TemporaryFolder()
        // Root may read every file, but reads no folder as one.
        let error = #expect(throws: ConfigurationError.self) {
            try ConfigurationSources(
                flags: [:], environment: [:], file: nil, workingDirectory: folder.path, installed: folder.path)
        }
        #expect(error?.description.contains("Cannot read the configuration file \(folder.path)") ?? false)
    }

    @Test func `An unknown key is an error that names the nearest one`() {
        func names(_ sentence: String, _ unknown: String, _ nearest: String) -> Bool {
            sentence.contains("'\(unknown)'") && sentence.contains("'\(nearest)'")
        }
        #expect(names(sentence("tokens: { acces: 5m }"), "tokens.acces", "tokens.access"))
        #expect(names(sentence("isuer: https://a.example"), "isuer", "issuer"))
        #expect(sentence("clients: { localhost: true }").contains("'clients.localhost'"))
        let variable = sentence("", environment: ["GATEHOUSE_TOKEN_ACCESS": "5m"])
        #expect(names(variable, "GATEHOUSE_TOKEN_ACCESS", "GATEHOUSE_TOKENS_ACCESS"))
    }

    @Test(arguments: [
        ("log: { level: verbose }", "'verbose' for 'log.level': must be one of trace, debug, info, notice"),
        ("log: { requests: maybe }", "'maybe' for 'log.requests': must be true or false"),
        ("log: { lvel: info }", "'log.level'"),
        ("tokens: { access: 61m }", "'61m' for 'tokens.access': must be a duration from 1m to 60m"),
        ("tokens: { access: 59s }", "'59s' for 'tokens.access'"),
        ("tokens: { access: 600 }", "'600' for 'tokens.access'"),
        ("tokens: { code: 601s }", "'601s' for 'tokens.code': must be a duration from 1s to 600s"),
        ("tokens: { refresh_grace: 301s }", "from 0s to 300s"),
        ("tokens: { refresh_grace: -1s }", "'-1s' for 'tokens.refresh_grace'"),
        ("sessions: { preselected: 2h }", "one of sessions.choices: 1h, 12h, 30d"),
        ("sessions: { choices: [12h, 1h] }", "the shortest first"),
        ("sessions: { choices: 12h }", "must be a list"),
        ("listen: 8080", "host:port"),
        ("listen: 127.0.0.1:80800", "host:port"),
        ("listen: 127.0.0.1:8081", "'operations.listen'"),
        ("clients: { metadata_documents: { max_size: 1MiB } }", "from 1KiB to 64KiB"),
        ("clients: { metadata_documents: { cache_min: 2h, cache_max: 1h } }", "no shorter than"),
        ("clients: { metadata_documents: { allow: ['https://a'] } }", "list of host names"),
        ("clients: { metadata_documents: { private_hosts: [a] } }", "list of host:port"),
        ("clients: { localhost_any_port: yes please }", "true or false"),
        ("clients: { require_pushed_authorization_requests: maybe }", "true or false"),
        ("clients: true", "'clients'"),
        ("proxies: [10.0.0.300]", "list of IP addresses"),
        ("back_channel_hosts: ['https://gatehouse.internal']", "a list of hosts, such as gatehouse.internal:8080"),
        ("back_channel_hosts: ['*.internal']", "'*.internal' for 'back_channel_hosts'"),
        ("back_channel_hosts: ['gatehouse.internal:0']", "'gatehouse.internal:0' for 'back_channel_hosts'"),
        ("operations: { hosts: ['gatehouse:8081'] }", "a list of host names, such as gatehouse"),
        ("connections: { total: 15 }", "'15' for 'connections.total': must be a number from 16 to"),
        ("connections: { per_address: 0 }", "a number from 1 to"),
        ("connections: { per_address: many }", "'many' for 'connections.per_address'"),
        ("connections: { stall: 0s }", "'0s' for 'connections.stall': must be a duration from 1s to 1h"),
        ("tls: { certificate: a.pem }", "'tls.key'"),
        ("tls: { certificate: a.pem, key: b.pem }", "https://"),
        ("issuer: http://auth.example.org", "'http://auth.example.org' for 'issuer': must be an https URL"),
        ("issuer: HTTPS://Auth.example.org", "for 'issuer'"),
        ("issuer: https://auth.example.org:443", "for 'issuer'"),
        ("issuer: [a", "YAML"),
        ("- issuer", "keys with values"),
    ])
    func `An invalid value is named together with the accepted ones`(yaml: String, expected: String) {
        #expect(sentence(yaml).contains(expected))
    }

    @Test func `An invalid value cannot control the terminal`() {
        #expect(!sentence("listen: \"\\e[2J\"").unicodeScalars.contains("\u{1B}"))
    }

    @Test func `Durations and sizes consist of digits and a unit`() {
        #expect(DurationValue("30d")?.seconds == 2_592_000)
        for seconds: Int64 in [1, 59, 60, 90, 3_600, 5_400, 86_400, 129_600, 2_592_000] {
            #expect(DurationValue(Lifetime.text(seconds))?.seconds == seconds)
        }
        for text in ["", "s", "1", "1.5h", " 1h", "1h ", "+1h", "1w", "99999999999999999d", "١h"] {
            #expect(DurationValue(text) == nil, "\(text)")
        }
        #expect(SizeValue("16KiB")?.bytes == 16_384)
        #expect(SizeValue("512")?.bytes == 512)
        for text in ["", "KiB", "16kb", "-1", "1.5MiB", "99999999999999999MiB"] {
            #expect(SizeValue(text) == nil, "\(text)")
        }
    }

    private static func document() throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: "docs/configuration.md"), encoding: .utf8)
    }
}
