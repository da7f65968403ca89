import ArgumentParser
import Foundation
import Outbound
import TestSupport
import Testing

@testable import gatehouse

/// A file of a package, read as text: what runs it is not on the machines of the tests.
private struct DeliveredFile {
    let text: String

    init(_ path: String) throws {
        text = try String(contentsOfFile: "\(Workspace.root)/\(path)", encoding: .utf8)
    }

    var lines: [String] { text.split(separator: "\n").map(String.init) }

    /// The values of a key in `KEY=VALUE` lines.
    func values(of key: String) -> [String] {
        lines.filter { $0.hasPrefix(key + "=") }.map { String($0.dropFirst(key.count + 1)) }
    }

    /// The configuration that a text of YAML means on an installed machine.
    static func configuration(_ yaml: String) throws -> ServerConfiguration {
        let folder = try TemporaryFolder()
        let file = try folder.write(yaml, to: "gatehouse.yaml")
        return try withExtendedLifetime(folder) {
            try ServerConfiguration(
                ConfigurationSources(flags: [:], environment: [:], file: file, workingDirectory: folder.path))
        }
    }
}

/// A command line of a page or a unit, which has to name existing commands and options.
private enum DeliveredCommand {
    /// The words of a line for a shell, with single and double quotes and without a comment.
    static func words(_ line: String) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        for character in line {
            if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "'" || character == "\"" {
                (quote, word) = (character, word ?? "")
            } else if character == "#", word == nil {
                break
            } else if character == " " {
                if let done = word { words.append(done) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        return words + [word].compactMap(\.self)
    }

    /// Why the arguments of `gatehouse` are refused; nil if they are not.
    static func objection(_ arguments: [String]) -> String? {
        do {
            _ = try GatehouseCommand.parseAsRoot(LeadingOptions.moved(arguments, for: GatehouseCommand.self))
            return nil
        } catch {
            return GatehouseCommand.exitCode(for: error) == .success ? nil : GatehouseCommand.message(for: error)
        }
    }
}

@Suite("What is delivered beside the program")
struct DeliveredFilesTests {
    private static let debian = "Sources/Packaging/Debian"

    @Test func `The unit starts the server with the installed configuration, and its folders are those of the file`()
        throws
    {
        let unit = try DeliveredFile("\(Self.debian)/gatehouse.service")
        let start = DeliveredCommand.words(try #require(unit.values(of: "ExecStart").first))
        #expect(start == ["/usr/bin/gatehouse", "serve", "--config", ConfigurationSources.installedFile])
        #expect(DeliveredCommand.objection(Array(start.dropFirst())) == nil)
        let file = try DeliveredFile("\(Self.debian)/gatehouse.yaml")
        let configuration = try DeliveredFile.configuration(file.text)
        #expect(unit.values(of: "StateDirectory") == ["gatehouse"])
        #expect(configuration.data == "/var/lib/gatehouse/data" && configuration.keys == "/var/lib/gatehouse/keys")
        #expect(unit.values(of: "RuntimeDirectory") == ["gatehouse"])
        #expect(configuration.adminSocket == "/run/gatehouse/gatehouse.sock")
        #expect(unit.values(of: "Type") == ["notify"])
    }

    @Test func `The unit hands over the passphrase that the installation makes, under the key of the configuration`()
        throws
    {
        let unit = try DeliveredFile("\(Self.debian)/gatehouse.service")
        let file = try DeliveredFile.configuration(DeliveredFile("\(Self.debian)/gatehouse.yaml").text)
        let path = try #require(file.keysPassphraseFile)
        #expect(unit.values(of: "LoadCredential") == ["keys-passphrase:\(path)"])
        let key = ConfigurationKeys.all.keysPassphraseFile.key
        #expect(unit.values(of: "Environment") == ["\(key.environmentVariable)=%d/keys-passphrase"])
        #expect(try DeliveredFile("\(Self.debian)/postinst").text.contains("passphrase=\(path)\n"))
    }

    @Test func `The units have no option that systemd does not know`() throws {
        let known: Set<String> = [
            "Description", "Documentation", "Wants", "After", "Type", "ExecStart", "ExecReload", "User", "Group",
            "LoadCredential", "Environment", "EnvironmentFile", "StateDirectory", "StateDirectoryMode",
            "RuntimeDirectory", "RuntimeDirectoryMode", "Restart", "RestartSec", "TimeoutStartSec", "TimeoutStopSec",
            "LimitNOFILE", "UMask", "CapabilityBoundingSet", "NoNewPrivileges", "ProtectSystem", "ProtectHome",
            "PrivateTmp", "PrivateDevices", "PrivateNetwork", "ProtectClock", "ProtectControlGroups",
            "ProtectHostname", "ProtectKernelLogs", "ProtectKernelModules", "ProtectKernelTunables", "ProtectProc",
            "ReadWritePaths", "RestrictAddressFamilies", "RestrictNamespaces", "RestrictRealtime",
            "RestrictSUIDSGID", "LockPersonality", "MemoryDenyWriteExecute", "RemoveIPC", "SystemCallArchitectures",
            "SystemCallFilter", "SystemCallErrorNumber", "OnCalendar", "RandomizedDelaySec", "Persistent", "WantedBy",
        ]
        for name in ["gatehouse.service", "gatehouse-backup.service", "gatehouse-backup.timer"] {
            for line in try DeliveredFile("\(Self.debian)/\(name)").lines
            where !line.hasPrefix("#") && !line.hasPrefix("[") {
                #expect(known.contains(String(line.prefix { $0 != "=" })), "\(name): \(line)")
            }
        }
    }

    @Test func `The backup goes to the folder that the installation makes, with options that exist`() throws {
        let unit = try DeliveredFile("\(Self.debian)/gatehouse-backup.service")
        let start = DeliveredCommand.words(try #require(unit.values(of: "ExecStart").first))
        #expect(start.first == "/usr/bin/gatehouse" && start.last == "$BACKUP_OPTIONS")
        #expect(DeliveredCommand.objection(Array(start.dropFirst().dropLast())) == nil)
        #expect(start.contains("/var/backups/gatehouse"))
        #expect(unit.values(of: "ReadWritePaths") == ["/var/backups/gatehouse /var/lib/gatehouse"])
        let installed = try DeliveredFile("\(Self.debian)/postinst").text
        #expect(installed.contains("-m 0700 /var/lib/gatehouse /var/backups/gatehouse\n"))
    }

    @Test func `The image runs commands that exist, as a user of its own, with a configuration that is accepted`()
        throws
    {
        let file = try DeliveredFile("Sources/Packaging/Container/Containerfile")
        func list(_ name: String) throws -> [String] {
            let line = try #require(file.lines.first { $0.hasPrefix(name) })
            return line.matches(of: /"([^"]*)"/).map { String($0.1) }
        }
        #expect(try list("ENTRYPOINT") == ["gatehouse"])
        #expect(DeliveredCommand.objection(try list("CMD")) == nil)
        let health = try list("HEALTHCHECK")
        #expect(health == ["gatehouse", "ready"] && DeliveredCommand.objection(["ready"]) == nil)
        #expect(file.lines.contains("USER 10001:10001"))
        for line in file.lines where line.hasPrefix("COPY") && !line.contains(" release/") {
            let source = DeliveredCommand.words(line)[2]
            #expect(FileManager.default.fileExists(atPath: "\(Workspace.root)/\(source)"), "\(line)")
        }
        #expect(file.text.contains("/gatehouse.yaml \(ConfigurationSources.installedFile)\n"))
        let yaml = try DeliveredFile("Sources/Packaging/Container/gatehouse.yaml")
        let configuration = try DeliveredFile.configuration(yaml.text)
        for path in [configuration.data, configuration.keys, configuration.adminSocket] {
            #expect(path.hasPrefix("/var/lib/gatehouse/"), "only the volume survives")
        }
        #expect(try OperationsAddress(configuration.operationsListen).readiness.port == 8081)
    }

    @Test func `The example for Kubernetes has a configuration that is accepted, and probes its listeners`() throws {
        let file = try DeliveredFile("Sources/Packaging/Kubernetes/gatehouse.yaml")
        let lines = file.text.split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex(of: "  gatehouse.yaml: |"))
        let yaml = lines[(start + 1)...].prefix { $0.hasPrefix("    ") }.map { $0.dropFirst(4) }
        let configuration = try DeliveredFile.configuration(yaml.joined(separator: "\n"))
        #expect(configuration.issuer == "https://auth.example.org")
        let arguments = try #require(file.text.firstMatch(of: /args: \[([^\]]*)\]/)?.1)
        let words = arguments.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(DeliveredCommand.objection(words) == nil)
        #expect(words.last == ConfigurationSources.installedFile)
        #expect(file.text.contains("{ name: http, containerPort: \(configuration.listen.port) }"))
        #expect(file.text.contains("{ name: operations, containerPort: \(configuration.operationsListen.port) }"))
        #expect(configuration.listen.host == "0.0.0.0" && configuration.operationsListen.host == "0.0.0.0")
        for path in [configuration.data, configuration.keys, configuration.adminSocket] {
            #expect(path.hasPrefix("/var/lib/gatehouse/"), "the rest of the root is read-only")
        }
        #expect(file.text.contains("mountPath: /var/lib/gatehouse }"))
        #expect(configuration.keysPassphraseFile == "/run/secrets/gatehouse/keys-passphrase")
        #expect(file.text.contains("replicas: 1\n") && file.text.contains("runAsNonRoot: true"))
    }

    @Test func `Each gatehouse command of the pages for operators exists, with its options`() throws {
        let folder = "\(Workspace.root)/docs/operations"
        var count = 0
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.hasSuffix(".md") {
            let blocks = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
                .components(separatedBy: "```")
            for (index, block) in blocks.enumerated() where index % 2 == 1 {
                for line in block.replacing("\\\n", with: " ").split(separator: "\n") {
                    let words = DeliveredCommand.words(String(line).replacing("$ ", with: ""))
                    let command = words.first == "gatehouse" ? words[...] : words.drop { $0 != "--" }.dropFirst()
                    guard command.first == "gatehouse" else { continue }
                    count += 1
                    let objection = DeliveredCommand.objection(Array(command.dropFirst()))
                    #expect(objection == nil, "\(name): \(line)")
                }
            }
        }
        #expect(count > 5)
    }
}
